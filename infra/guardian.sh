# Watches over what a starter has started. It reads lines from the starter; when the starter is gone, however it went
# (kill -9 included), the pipe ends, and every session and folder still registered is removed.
sessions=
folders=
newline='
'
IFS=$newline

without() { # list item -> list
  kept=
  for each in $1; do [ "$each" = "$2" ] || kept="$kept$each$newline"; done
}

while read -r line; do
  what=${line#* }
  case $line in
    "let go") exit ;;
    "+session "*) sessions="$sessions$what$newline" ;;
    "-session "*) without "$sessions" "$what"; sessions=$kept ;;
    "+folder "*) folders="$folders$what$newline" ;;
    "-folder "*) without "$folders" "$what"; folders=$kept ;;
  esac
done

kill_session() { # proc(5): pid (comm) state ppid pgrp session
  for stat in /proc/[0-9]*/stat; do
    text=$(cat "$stat" 2>/dev/null) || continue
    pid=${text%% *}
    rest=${text##*) }
    state=${rest%% *}
    rest=${rest#* } # ppid pgrp session
    rest=${rest#* }
    rest=${rest#* }
    if [ "${rest%% *}" = "$1" ] && [ "$state" != Z ]; then kill -9 "$pid" 2>/dev/null && found=1; fi
  done
}

for session in $sessions; do
  found=1
  while [ $found = 1 ]; do found=0; kill_session "$session"; done # again, for what was forked meanwhile
done
for folder in $folders; do
  rm -rf "$folder" 2>/dev/null || rm -rf "$folder"
done
