#!/bin/sh
# Installed as the `java` that LocalStack finds for DynamoDB Local. LocalStack runs
#   java -Xmx256m -javaagent:<loader> -Djava.library.path=<lib> -jar DynamoDBLocal.jar -port N ...
# and gets DdbLoopback instead of the jar, without the agent, on the machine's own Java.
dynamodb=$(cd "$(dirname "$0")/../../../dynamodb-local/2" && pwd)
library="-Djava.library.path=$dynamodb/DynamoDBLocal_lib"
heap=-Xmx256m
while [ $# -gt 0 ]; do
  case $1 in
    -Xmx*) heap=$1 ;;
    -jar) shift 2; break ;;
  esac
  shift
done
exec "${REAL_JAVA:?path of the real java}" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "$heap" "$library" \
  -cp "$dynamodb:$dynamodb/DynamoDBLocal_lib/*" DdbLoopback "$@"
