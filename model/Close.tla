-------------------------------- MODULE Close --------------------------------
(***************************************************************************)
(* How batches get closed (DESIGN, sections 3 and 4): the source tasks of a *)
(* job append to their logs, and whoever looks closes the batch times that  *)
(* all frontiers have reached, exactly once, in a log of its own. Then the  *)
(* bucket of the next stage folds them, and `_SUCCESS` appears.             *)
(*                                                                         *)
(* Times are counted in batch intervals: batch T holds times in [T - 1, T). *)
(* Appending to one log under the fence is one step here, healing of its    *)
(* head included: that this is sound is what Commit.tla is about. Wake-ups  *)
(* are in Wake.tla: here looks just happen.                                 *)
(*                                                                         *)
(* The closing task is src/runtime/closing/closer.ts with close-draft.ts and *)
(* log-reader.ts; the bucket is stages.ts and bucket-task.ts.               *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC

CONSTANTS
    Instances,
    Parts,      \* the partitions of the topic
    KnownPart,  \* the one that is known beforehand; the others are learned when first seen
    MaxTime,    \* the last batch time
    MaxRecords, \* how many records there are: the first of its batch in a micro-batch counts
    MaxFaults,  \* how many crashes there may be
    Broken,
    NONE

VARIABLES
    src,        \* the logs of the source tasks: sequences of entries
    shown,      \* whether the outputs of the head of each source log are visible; those before it are
    closing,    \* the closing log
    bucket,     \* the head of the bucket's log: [until, folded, shown]
    success,    \* batch times whose _SUCCESS is visible, of the outputs of the source stage
    finished,   \* and of those of the bucket
    inst,       \* the closing task's memory in every instance, and what it is at
    faults

vars == <<src, shown, closing, bucket, success, finished, inst, faults>>

Holds(rule) == rule \notin Broken
Max(a, b) == IF a > b THEN a ELSE b
MaxOf(S) == CHOOSE x \in S : \A y \in S : y <= x
MinOf(S) == CHOOSE x \in S : \A y \in S : y >= x
None == [p \in {} |-> 0]

(***************************************************************************)
(* Logs. An entry of a source log has data for some batch times, `times`.   *)
(***************************************************************************)
Entry(kind, times, frontier) == [kind |-> kind, times |-> times, frontier |-> frontier]
Batches(p) == {v \in 1..Len(src[p]) : src[p][v].times # {}}
Parted(time) == UNION {{<<p, v, time>> : v \in {w \in Batches(p) : time \in src[p][w].times}} : p \in Parts}
Data(from, until) == UNION {Parted(time) : time \in from..until}

\* An entry of the closing log. `marks`: how far each task's log need not be read again (ReadMark). `parts` is a ghost:
\* the entries that whoever closed saw as belonging to what is closed.
Joining(until, marks) == [until |-> until, before |-> until, marks |-> marks, closed |-> {}, parts |-> {}]
Head_ == closing[Len(closing)]
ClosedUntil == IF closing = <<>> THEN 0 ELSE Head_.until
Known == IF closing = <<>> THEN {} ELSE DOMAIN Head_.marks

\* Frontier at which a task joined, and at a version of its log: a birth says nothing of its own.
Joined(p) ==
    LET first == MinOf({v \in 1..Len(closing) : p \in DOMAIN closing[v].marks}) IN closing[first].until
FrontierAt(p, v) == IF v <= 1 THEN Joined(p) ELSE src[p][v].frontier

(***************************************************************************)
(* Memory of an instance: the closing log's head that it knows (`version`), *)
(* whether all that this promises is done, up to where its readers count    *)
(* batches as closed (`after`), and per task `read`, `seen`, `frontier` of  *)
(* LogReader.                                                               *)
(***************************************************************************)
Cold == [version |-> 0, done |-> TRUE, after |-> 0, readers |-> None]
Rest(memory) == [pc |-> "idle", joins |-> NONE, version |-> 0, frontier |-> 0, draft |-> NONE, memory |-> memory]

Init ==
    /\ src = [p \in Parts |-> IF p = KnownPart THEN <<Entry("birth", {}, 0), Entry("idle", {}, 0)>> ELSE <<>>]
    /\ shown = [p \in Parts |-> TRUE]
    /\ closing = <<Joining(0, KnownPart :> [read |-> 2, frontier |-> 0, asleep |-> FALSE])>>
    /\ bucket = [until |-> 0, folded |-> {}, shown |-> TRUE]
    /\ success = {}
    /\ finished = {}
    /\ inst = [i \in Instances |-> Rest(Cold)]
    /\ faults = 0

At(i, pc) == inst[i].pc = pc
Become(i, pc, memory) == inst' = [inst EXCEPT ![i].pc = pc, ![i].memory = memory]

\* LogReader.#open, as versions: entries read that have something for a batch that is not closed yet.
Open(memory, p) ==
    {v \in (memory.readers[p].read + 1)..memory.readers[p].seen : \E time \in src[p][v].times : time > memory.after}
OpenTimes(memory, p) == {time \in UNION {src[p][v].times : v \in Open(memory, p)} : time > memory.after}
\* LogReader.partialsOf, of all tasks, for the times after `from`.
Partials(memory, from, until) ==
    UNION {UNION {{<<p, v, time>> : time \in {t \in src[p][v].times : t > memory.after /\ t > from /\ t <= until}} : v \in Open(memory, p)}
        : p \in DOMAIN memory.readers}

\* LogReader.markAt: before the first entry that is still open, or all that was read.
MarkAt(memory, p, until) ==
    LET reader == memory.readers[p]
        open == {v \in Open(memory, p) : \E time \in src[p][v].times : time > until}
    IN IF open = {} THEN [read |-> reader.seen, frontier |-> reader.frontier, asleep |-> reader.asleep]
       ELSE LET read == MinOf(open) - 1
            IN [read |-> read, frontier |-> FrontierAt(p, read), asleep |-> FALSE]
Marks(memory, until) == [p \in DOMAIN memory.readers |-> MarkAt(memory, p, until)]

ReaderAt(mark) == [read |-> mark.read, seen |-> mark.read, frontier |-> mark.frontier, asleep |-> mark.asleep]

\* LogReader.advance, for all readers, and Closer.#adopt.
Advanced(memory, marks, until) ==
    LET reader(p) ==
            LET mark == marks[p] IN
            IF p \notin DOMAIN memory.readers THEN ReaderAt(mark)
            ELSE LET old == memory.readers[p] IN
                 [read |-> Max(old.read, mark.read), seen |-> Max(old.seen, mark.read), frontier |-> Max(old.frontier, mark.frontier),
                  asleep |-> IF mark.read >= old.seen THEN mark.asleep ELSE old.asleep]
    IN [memory EXCEPT !.after = until, !.readers = [p \in DOMAIN marks |-> reader(p)]]

\* Between two looks memory keeps marks alone: what was read beyond them is read again, which may read as much (fewer states).
Fresh(marks) == [p \in DOMAIN marks |-> ReaderAt(marks[p])]

\* LogReader.refresh, up to some version of each log.
Refreshed(memory, upto) ==
    [memory EXCEPT !.readers = [p \in DOMAIN memory.readers |->
        LET old == memory.readers[p]
            seen == Max(old.seen, upto[p])
        IN [old EXCEPT !.seen = seen, !.frontier = Max(old.frontier, FrontierAt(p, seen)),
                !.asleep = IF seen > old.seen THEN src[p][seen].kind = "sleep" ELSE old.asleep]]]
AllThereIs(memory) == [p \in DOMAIN memory.readers |-> Len(src[p])]

(***************************************************************************)
(* A source task, once it is born. Its head is healed, its new entry goes   *)
(* to the batch that its frontier stands in, to a later one, or to both; a  *)
(* record is never older than the frontier (time.ts, assignBatchTimes).     *)
(***************************************************************************)
AppendData(p, frontier) ==
    \E time \in 0..(MaxTime - 1) :
        LET at == IF Holds("the frontier never moves back") THEN Max(frontier, time) ELSE time IN
        /\ \E times \in {{at + 1}, {frontier + 1, at + 1}} :
            /\ Cardinality(Data(1, MaxTime)) + Cardinality(times) <= MaxRecords
            /\ src' = [src EXCEPT ![p] = Append(@, Entry("batch", times, at))]
        /\ shown' = [shown EXCEPT ![p] = FALSE]

\* Whether the head of a log has put its task to sleep, and whether the closing log says that it was roused since.
Sleeps(p) == src[p] # <<>> /\ src[p][Len(src[p])].kind = "sleep"
Roused(p) == p \in Known /\ Head_.marks[p].read = Len(src[p]) /\ ~Head_.marks[p].asleep

\* One that sleeps commits in Rouse, below.
SourceCommit(p) ==
    /\ Len(src[p]) > 1
    /\ Holds("a sleeping task is roused before it commits") => ~Sleeps(p)
    /\ AppendData(p, IF Sleeps(p) THEN Max(src[p][Len(src[p])].frontier, ClosedUntil) ELSE src[p][Len(src[p])].frontier)
    /\ UNCHANGED <<closing, bucket, success, finished, inst, faults>>

\* Step 6, or its redelivery.
SourcePublish(p) ==
    /\ ~shown[p]
    /\ shown' = [shown EXCEPT ![p] = TRUE]
    /\ UNCHANGED <<src, closing, bucket, success, finished, inst, faults>>

\* silence.ts, moveSilent and appendQuiet: to where others are, or to the end of the data.
Furthest == MaxOf({0} \cup {FrontierAt(p, Len(src[p])) : p \in Known} \cup UNION {UNION {src[p][v].times : v \in Batches(p)} : p \in Known})
MoveSilent(p) ==
    /\ p \in Known
    /\ Sleeps(p) => Roused(p)
    /\ FrontierAt(p, Len(src[p])) < Furthest
    /\ src' = [src EXCEPT ![p] = Append(@, Entry("idle", {}, Furthest))]
    /\ shown' = [shown EXCEPT ![p] = TRUE]
    /\ UNCHANGED <<closing, bucket, success, finished, inst, faults>>

\* The same, once for all: from here on it holds nobody back. Only with nothing open, since it is roused as having been read.
Sleep(p) ==
    /\ p \in Known
    /\ ~Sleeps(p) \/ Roused(p)
    /\ FrontierAt(p, Len(src[p])) < Furthest
    /\ Holds("a task sleeps with nothing open") => \A v \in Batches(p) : \A time \in src[p][v].times : time <= ClosedUntil
    /\ src' = [src EXCEPT ![p] = Append(@, Entry("sleep", {}, FrontierAt(p, Len(src[p]))))]
    /\ shown' = [shown EXCEPT ![p] = TRUE]
    /\ UNCHANGED <<closing, bucket, success, finished, inst, faults>>

(***************************************************************************)
(* The first records of a partition: SourceTask.#beBorn. The log begins     *)
(* with a birth, then the closing task gets to know it, and only then it    *)
(* commits.                                                                 *)
(***************************************************************************)
BeBorn(i, p) ==
    /\ At(i, "idle")
    /\ Len(src[p]) <= 1
    /\ src' = IF src[p] = <<>> THEN [src EXCEPT ![p] = <<Entry("birth", {}, 0)>>] ELSE src
    /\ inst' = [inst EXCEPT
        ![i].pc = IF Holds("a task joins before it commits") THEN "load" ELSE "first", ![i].joins = p, ![i].version = 1]
    /\ UNCHANGED <<shown, closing, bucket, success, finished, faults>>

\* SourceTask.rouse: records come to a task whose head is a sleep.
Rouse(i, p) ==
    /\ At(i, "idle") /\ Sleeps(p)
    /\ inst' = [inst EXCEPT ![i].pc = "load", ![i].joins = p, ![i].version = Len(src[p])]
    /\ UNCHANGED <<src, shown, closing, bucket, success, finished, faults>>

\* Closer.join. Its commit conflicts with any closing that does not know the task yet, and the other way round.
Join(i) ==
    LET memory == inst[i].memory
        p == inst[i].joins
        until == IF memory.version = 0 THEN 0 ELSE closing[memory.version].until
        marks == IF memory.version = 0 THEN None ELSE closing[memory.version].marks
        version == inst[i].version
        record == Joining(until, (p :> [read |-> version, frontier |-> until, asleep |-> FALSE]) @@ marks)
        known == p \in DOMAIN marks /\ (version = 1 \/ marks[p].read > version \/ (marks[p].read = version /\ ~marks[p].asleep))
    IN /\ At(i, "join")
       /\ CASE known ->
                 /\ inst' = [inst EXCEPT ![i].pc = "first", ![i].frontier = memory.readers[p].frontier]
                 /\ UNCHANGED closing
            [] ~known /\ memory.version = Len(closing) ->
                 /\ closing' = Append(closing, record)
                 /\ inst' = [inst EXCEPT ![i].pc = "first", ![i].frontier = until,
                        ![i].memory = [Advanced(memory, record.marks, until) EXCEPT !.version = memory.version + 1]]
            [] OTHER -> inst' = [inst EXCEPT ![i].pc = "load"] /\ UNCHANGED closing
       /\ UNCHANGED <<src, shown, bucket, success, finished, faults>>

\* The commit at version 2 that follows; on conflict the records come again to SourceCommit.
FirstCommit(i) ==
    LET p == inst[i].joins IN
    /\ At(i, "first")
    /\ IF Len(src[p]) = inst[i].version THEN AppendData(p, Max(inst[i].frontier, src[p][Len(src[p])].frontier)) ELSE UNCHANGED <<src, shown>>
    /\ inst' = [inst EXCEPT ![i] = Rest(inst[i].memory)]
    /\ UNCHANGED <<closing, bucket, success, finished, faults>>

(***************************************************************************)
(* Closer.look, in its steps. A warm instance trusts the head that it knows *)
(* (the fence tells if that is wrong); one that handles a wake-up reads it. *)
(***************************************************************************)
Look(i) ==
    LET memory == inst[i].memory IN
    /\ At(i, "idle") /\ closing # <<>>
    /\ \/ Become(i, "load", memory)
       \/ memory.version > 0 /\ Become(i, IF memory.done THEN "refresh" ELSE "heal", memory)
    /\ UNCHANGED <<src, shown, closing, bucket, success, finished, faults>>

ThenWhat(i) == IF inst[i].joins = NONE THEN "refresh" ELSE "join"

\* Closer.#load: another head than the one that is known may have been left half done.
Load(i) ==
    LET memory == inst[i].memory
        new == closing # <<>> /\ Len(closing) > memory.version
        adopted == [Advanced(memory, Head_.marks, Head_.before)
            EXCEPT !.version = Len(closing), !.done = Head_.before = Head_.until \/ ~Holds("a closing is healed by who finds it")]
        next == IF new THEN adopted ELSE memory
    IN /\ At(i, "load")
       /\ Become(i, IF next.done THEN ThenWhat(i) ELSE "heal", next)
       /\ UNCHANGED <<src, shown, closing, bucket, success, finished, faults>>

\* Closer.#healHead, of a closing that was found: all entries that there are, strongly consistent; then what it promised.
HealHead(i) ==
    /\ At(i, "heal")
    /\ success' = success \cup closing[inst[i].memory.version].closed
    /\ Become(i, "bucket", IF Holds("healing reads the logs") THEN Refreshed(inst[i].memory, AllThereIs(inst[i].memory)) ELSE inst[i].memory)
    /\ UNCHANGED <<src, shown, closing, bucket, finished, faults>>

\* LogReader.refresh: on the data path stale reads will do. Then draftClose, and Closer.#publishParts: `_SUCCESS` comes after
\* every part, and only heads can be unpublished.
RefreshTo(i, upto) ==
    LET memory == Refreshed(inst[i].memory, upto)
        readers == memory.readers
        before == closing[memory.version].until
        awake == {p \in DOMAIN readers : ~readers[p].asleep}
        reached == IF awake = {} THEN 0 ELSE MinOf({readers[p].frontier : p \in awake})
        closes(p) == {time \in OpenTimes(memory, p) : time > before /\ time <= reached}
        closed == UNION {closes(p) : p \in DOMAIN readers}
        unpublished == {p \in DOMAIN readers : closes(p) # {} /\ readers[p].seen = Len(src[p])}
        record == [until |-> reached, before |-> before, closed |-> closed, parts |-> Partials(memory, before, reached),
            marks |-> Marks(memory, IF Holds("marks stay until buckets are done") THEN before ELSE reached)]
    IN IF closed = {} THEN inst' = [inst EXCEPT ![i] = Rest(inst[i].memory)] /\ UNCHANGED shown
       ELSE /\ inst' = [inst EXCEPT ![i].pc = "commit", ![i].draft = record, ![i].memory = memory]
            /\ shown' = IF Holds("_SUCCESS waits for the heads") THEN [p \in Parts |-> shown[p] \/ p \in unpublished] ELSE shown

Refresh(i) ==
    /\ At(i, "refresh")
    /\ \E upto \in [DOMAIN inst[i].memory.readers -> 1..(MaxRecords + MaxTime + 2)] :
        /\ \A p \in DOMAIN upto : upto[p] \in inst[i].memory.readers[p].seen..Len(src[p])
        /\ RefreshTo(i, upto)
    /\ UNCHANGED <<src, closing, bucket, success, finished, faults>>

CommitClose(i) ==
    LET memory == inst[i].memory
        record == inst[i].draft
    IN /\ At(i, "commit")
       /\ IF memory.version = Len(closing) \/ ~Holds("the closing log's fence")
          THEN /\ closing' = Append(closing, record)
               /\ inst' = [inst EXCEPT ![i].pc = "publish", ![i].draft = NONE,
                    ![i].memory = [Advanced(memory, record.marks, record.before) EXCEPT !.version = Len(closing) + 1, !.done = FALSE]]
          ELSE inst' = [inst EXCEPT ![i].pc = "load", ![i].draft = NONE] /\ UNCHANGED closing
       /\ UNCHANGED <<src, shown, bucket, success, finished, faults>>

\* The outbox of the closing.
PublishClose(i) ==
    /\ At(i, "publish")
    /\ success' = success \cup closing[inst[i].memory.version].closed
    /\ Become(i, "bucket", inst[i].memory)
    /\ UNCHANGED <<src, shown, closing, bucket, finished, faults>>

(***************************************************************************)
(* Stages.run and BucketTask.advance: fold what is closed, in a commit of   *)
(* the bucket's own, unless another instance has; publish it; `_SUCCESS`.   *)
(***************************************************************************)
RunBucket(i) ==
    LET memory == inst[i].memory
        head == closing[memory.version]
        items == Partials(memory, Max(bucket.until, head.before), head.until)
    IN /\ At(i, "bucket")
       /\ bucket' = IF bucket.until >= head.until THEN bucket
                    ELSE [until |-> head.until, folded |-> bucket.folded \cup items, shown |-> FALSE]
       /\ Become(i, "finish", memory)
       /\ UNCHANGED <<src, shown, closing, success, finished, faults>>

\* The bucket's part appears, by whoever committed it or by the next one that finds it (BucketTask.#heal), and `_SUCCESS`
\* after it (Stages.#finish). Then the readers forget what is closed, and the head need not be looked at again.
Finish(i) ==
    LET memory == inst[i].memory
        head == closing[memory.version]
        next == [memory EXCEPT !.after = head.until, !.readers = Fresh(Marks(memory, head.until)), !.done = TRUE]
    IN /\ At(i, "finish")
       /\ bucket' = IF Holds("_SUCCESS waits for the bucket") THEN [bucket EXCEPT !.shown = TRUE] ELSE bucket
       /\ finished' = finished \cup head.closed
       /\ IF inst[i].joins = NONE THEN inst' = [inst EXCEPT ![i] = Rest(next)] ELSE Become(i, "join", next)
       /\ UNCHANGED <<src, shown, closing, success, faults>>

\* The process dies, or a service fails and memory of the task is dropped: whatever it was at comes again.
Crash(i) ==
    /\ inst[i] # Rest(Cold) /\ faults < MaxFaults
    /\ faults' = faults + 1
    /\ inst' = [inst EXCEPT ![i] = Rest(Cold)]
    /\ UNCHANGED <<src, shown, closing, bucket, success, finished>>

Steps(i) ==
    \/ Join(i) \/ FirstCommit(i) \/ Load(i) \/ HealHead(i) \/ Refresh(i)
    \/ CommitClose(i) \/ PublishClose(i) \/ RunBucket(i) \/ Finish(i)

Next ==
    \/ \E p \in Parts : SourceCommit(p) \/ SourcePublish(p) \/ MoveSilent(p) \/ Sleep(p)
    \/ \E i \in Instances : Look(i) \/ Steps(i) \/ Crash(i) \/ \E p \in Parts : BeBorn(i, p) \/ Rouse(i, p)

\* What Wake.tla gives: looks go on as long as something is open, and such a look reads all there is.
Thorough(i) ==
    /\ At(i, "refresh") /\ RefreshTo(i, AllThereIs(inst[i].memory))
    /\ UNCHANGED <<src, closing, bucket, success, finished, faults>>
Fairness ==
    /\ \A p \in Parts : WF_vars(MoveSilent(p)) /\ WF_vars(SourcePublish(p))
    /\ \A i \in Instances : WF_vars(Steps(i)) /\ SF_vars(Look(i) /\ inst'[i].pc = "load") /\ SF_vars(Thorough(i))

Spec == Init /\ [][Next]_vars /\ Fairness
Symmetry == Permutations(Instances)

\* Bounds the model: silence moves each task at most so often.
Small == \A p \in Parts : Len(src[p]) <= IF p = KnownPart THEN 4 ELSE 3
\* Room for a commit, a sleep, and a commit after it.
SmallSleep == \A p \in Parts : Len(src[p]) <= IF p = KnownPart THEN 5 ELSE 4

-----------------------------------------------------------------------------
(* The invariants, by their names in DESIGN, section 2. *)

\* Everything committed for T is in the closing of T and in the bucket, and nothing comes after: exactly once.
I1_ExactlyOnce ==
    /\ \A c \in 1..Len(closing) : closing[c].parts = IF closing[c].before < closing[c].until THEN Data(closing[c].before + 1, closing[c].until) ELSE {}
    /\ \A c \in 2..Len(closing) : closing[c].before = closing[c - 1].until
    /\ bucket.folded = Data(1, bucket.until)

\* `_SUCCESS` for T means that every part of T is there.
I3_AllOrNothing ==
    /\ \A time \in success : \A p \in Parts : shown[p] \/ time \notin src[p][Len(src[p])].times
    /\ \A time \in finished : time <= bucket.until /\ (time = bucket.until => bucket.shown)
    /\ \A c \in 1..(Len(closing) - 1) : closing[c].closed \subseteq success \cap finished

\* No batch with data is passed over.
I7_NeverSilent == \A time \in 1..ClosedUntil : Parted(time) # {} => \E c \in 1..Len(closing) : time \in closing[c].closed

\* The frontier of a task, and what is closed, never move back.
FrontiersGrow == [][\A p \in Parts : Len(src[p]) > 1 => FrontierAt(p, Len(src[p]))' >= FrontierAt(p, Len(src[p]))]_vars

Live_DataCloses == \A time \in 1..MaxTime : Parted(time) # {} ~> time \in success \cap finished
=============================================================================
