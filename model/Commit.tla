------------------------------- MODULE Commit -------------------------------
(***************************************************************************)
(* The commit protocol of one source task (DESIGN, section 3): several      *)
(* instances get the records of one partition from an at-least-once event   *)
(* source and append to one commit log. The fence is all that keeps them    *)
(* apart. MicroBatch is runMicroBatch in src/runtime/batch.ts, by its steps.  *)
(*                                                                         *)
(* `Broken` names the rules that a model mutant leaves out; it is {} in the *)
(* model proper. model/mutants.ts says what each must violate.              *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC

CONSTANTS
    Instances,  \* Lambda instances: each runs one micro-batch of the task at a time (SourceTask.mutex)
    Stamps,     \* the records: Stamps[o] is the timestamp of offset o, counted from 1
    MaxFaults,  \* how many crashes, lost answers and losses in Kafka there may be
    Broken,
    NONE

VARIABLES
    log,        \* the commit log: log[v] is the commit record of version v
    expired,    \* versions up to here have expired by TTL, so they are free again
    visible,    \* objects that a reader sees: [key |-> first offset, until |-> ...]
    applied,    \* ghost: how often each record has entered the state
    acked,      \* the event source will not bring offsets below this again
    oldest,     \* the first offset that Kafka still has
    inst,       \* what every instance is at, and its warm memory
    quiet,      \* the closing task of some instance, at work on a seal: the version that it read
    faults

vars == <<log, expired, visible, applied, acked, oldest, inst, quiet, faults>>

Holds(rule) == rule \notin Broken
Offsets == 1..Len(Stamps)
End == Len(Stamps) + 1
Max(a, b) == IF a > b THEN a ELSE b
Head_ == log[Len(log)]

\* time.ts, batchTimeOf with a batch interval of 1.
BatchTime(time) == time + 1

(***************************************************************************)
(* A commit record. `promise`: what publishing needs is there: the upload   *)
(* was not aborted. The log begins with the task's birth (see Close.tla).   *)
(***************************************************************************)
Record(from, until, frontier, times) ==
    [from |-> from, until |-> until, frontier |-> frontier, times |-> times, promise |-> TRUE]
Birth == Record(1, 1, 0, <<>>)
Object(record) == [key |-> record.from, until |-> record.until]
Visible(record) == record.from = record.until \/ Object(record) \in visible

Idle(memory) == [pc |-> "idle", from |-> 0, until |-> 0, memory |-> memory, landed |-> FALSE]

Init ==
    /\ log = <<Birth>>
    /\ expired = 0
    /\ visible = {}
    /\ applied = [o \in Offsets |-> 0]
    /\ acked = 1
    /\ oldest = 1
    /\ inst = [i \in Instances |-> Idle(NONE)]
    /\ quiet = 0
    /\ faults = 0

Fault == faults < MaxFaults /\ faults' = faults + 1
At(i, pc) == inst[i].pc = pc

(***************************************************************************)
(* Step 1, SourceTask.load. Memory is as good as fresh unless the event is  *)
(* ahead of it, or it is so old that versions may have expired since.       *)
(***************************************************************************)
Trusted(memory, from) ==
    /\ memory # NONE
    /\ Holds("old memory is not trusted") => ~memory.old
    /\ Holds("an event ahead of memory means a look") => from <= memory.record.until

Fresh(memory) ==
    LET same == memory # NONE /\ memory.version = Len(log)
        published == IF same THEN memory.published ELSE ~Holds("a head that was read may be unpublished")
    IN [version |-> Len(log), record |-> Head_, published |-> published, old |-> FALSE]

Loaded(self, from, until) ==
    LET memory == IF Trusted(self.memory, from) THEN self.memory ELSE Fresh(self.memory)
        heal == ~memory.published /\ Holds("heal before commit")
    IN [pc |-> IF heal THEN "heal" ELSE "commit", from |-> from, until |-> until, memory |-> memory, landed |-> FALSE]

(***************************************************************************)
(* The event source brings a range that begins where it stands, or before   *)
(* (redelivery), cut anywhere (re-cut), to any instance that is free, also  *)
(* while another still has it (a zombie). The micro-batch begins with a look *)
(* into memory, or into the log.                                            *)
(***************************************************************************)
DeliverFrom(i, from) ==
    /\ At(i, "idle")
    /\ \E until \in (from + 1)..End : inst' = [inst EXCEPT ![i] = Loaded(inst[i], from, until)]
    /\ UNCHANGED <<log, expired, visible, applied, acked, oldest, quiet, faults>>

Deliver(i) == DeliverFrom(i, Max(acked, oldest))
Redeliver(i) == \E from \in 1..(acked - 1) : DeliverFrom(i, from)

LoadAgain(i) ==
    /\ At(i, "load")
    /\ inst' = [inst EXCEPT ![i] = Loaded(inst[i], inst[i].from, inst[i].until)]
    /\ UNCHANGED <<log, expired, visible, applied, acked, oldest, quiet, faults>>

(***************************************************************************)
(* Steps 2 and 6, SourceTask.healHead and publishHead; outbox.ts: putting   *)
(* an object again, or completing an upload again, changes nothing. An      *)
(* upload that was aborted cannot be completed: StagedObjectLostError.      *)
(***************************************************************************)
Publish(memory) ==
    IF memory.record.from = memory.record.until THEN UNCHANGED visible
    ELSE /\ log[memory.version].promise \/ Object(memory.record) \in visible
         /\ visible' = visible \cup {Object(memory.record)}

Heal(i) ==
    /\ At(i, "heal")
    /\ Publish(inst[i].memory)
    /\ inst' = [inst EXCEPT ![i].pc = "commit", ![i].memory.published = TRUE]
    /\ UNCHANGED <<log, expired, applied, acked, oldest, quiet, faults>>

\* The invocation has succeeded; the event source hears of it, or gave up before and counts it as failed.
Return(i, memory) ==
    /\ inst' = [inst EXCEPT ![i] = Idle(memory)]
    /\ acked' \in {acked, Max(acked, inst[i].until)}

PublishHead(i) ==
    /\ At(i, "publish")
    /\ Publish(inst[i].memory)
    /\ Return(i, [inst[i].memory EXCEPT !.published = TRUE])
    /\ UNCHANGED <<log, expired, applied, oldest, quiet, faults>>

(***************************************************************************)
(* Steps 3 and 4, cutRecords and draft: what of the event is new, and what  *)
(* would be committed of it. Both depend on memory and event alone. Large   *)
(* outputs are staged: uploads that nobody sees, no part of the state until *)
(* a commit names them. The frontier moves record by record.                *)
(***************************************************************************)
From(i) == IF Holds("drop duplicates") THEN Max(inst[i].from, inst[i].memory.record.until) ELSE inst[i].from
NothingNew(i) == From(i) >= inst[i].until
Hole(i) == From(i) > inst[i].memory.record.until /\ Holds("a hole is an error")

RECURSIVE FrontierAfter(_, _, _)
FrontierAfter(frontier, from, until) ==
    IF from >= until THEN frontier ELSE FrontierAfter(Max(frontier, Stamps[from]), from + 1, until)

Draft(i) ==
    LET before == inst[i].memory.record.frontier
        after == FrontierAfter(before, From(i), inst[i].until)
        stamped(o) == IF Holds("time moves record by record") THEN FrontierAfter(before, From(i), o + 1) ELSE after
    IN Record(From(i), inst[i].until, after, [o \in From(i)..(inst[i].until - 1) |-> BatchTime(stamped(o))])

Cut(i) ==
    /\ At(i, "commit")
    /\ \/ NothingNew(i) /\ Return(i, inst[i].memory)
       \/ ~NothingNew(i) /\ Hole(i) /\ inst' = [inst EXCEPT ![i] = Idle(NONE)] /\ UNCHANGED acked \* OffsetGapError
    /\ UNCHANGED <<log, expired, visible, applied, oldest, quiet, faults>>

Drafted(i) == At(i, "commit") /\ ~NothingNew(i) /\ ~Hole(i)

(***************************************************************************)
(* Step 5, TaskLog.append: PutItem with attribute_not_exists.               *)
(***************************************************************************)
Free(version) == version = Len(log) + 1 \/ version <= expired \/ ~Holds("fence")

Write(version, record) ==
    /\ log' = IF version = Len(log) + 1 THEN Append(log, record) ELSE [log EXCEPT ![version] = record]
    /\ applied' = [o \in Offsets |-> applied[o] + IF o \in record.from..(record.until - 1) THEN 1 ELSE 0]

\* outbox.ts, withdraw: aborts the staged upload; if the write has landed after all, the log names an upload that is gone.
Withdraw(i) ==
    IF inst[i].landed THEN log' = [log EXCEPT ![inst[i].memory.version + 1].promise = FALSE] ELSE UNCHANGED log

Commit(i) ==
    LET version == inst[i].memory.version + 1
        committed == inst' = [inst EXCEPT ![i].pc = "publish", ![i].landed = FALSE,
            ![i].memory = [version |-> version, record |-> Draft(i), published |-> FALSE, old |-> FALSE]]
        conflict == inst' = [inst EXCEPT ![i].pc = "load", ![i].memory = NONE, ![i].landed = FALSE]
        ours == inst[i].landed /\ Holds("equal bytes are ours")
    IN /\ Drafted(i)
       /\ CASE Free(version) -> Write(version, Draft(i)) /\ committed
            [] ~Free(version) /\ ours -> committed /\ UNCHANGED <<log, applied>>
            [] OTHER -> Withdraw(i) /\ conflict /\ UNCHANGED applied
       /\ UNCHANGED <<expired, visible, acked, oldest, quiet, faults>>

\* The write lands but its answer is lost: the SDK sends it again, which is Commit once more.
AnswerLost(i) ==
    /\ Drafted(i) /\ ~inst[i].landed /\ Fault
    /\ Free(inst[i].memory.version + 1)
    /\ Write(inst[i].memory.version + 1, Draft(i))
    /\ inst' = [inst EXCEPT ![i].landed = TRUE]
    /\ UNCHANGED <<expired, visible, acked, oldest, quiet>>

\* All attempts failed: written or not, nobody knows. What is staged must stay; memory goes; the invocation fails.
CommitFails(i) ==
    /\ Drafted(i) /\ IF inst[i].landed THEN UNCHANGED faults ELSE Fault
    /\ IF Holds("maybe written keeps its uploads") THEN UNCHANGED log ELSE Withdraw(i)
    /\ inst' = [inst EXCEPT ![i] = Idle(NONE)]
    /\ UNCHANGED <<expired, visible, applied, acked, oldest, quiet>>

\* Only in a mutant: outputs show before the commit.
PublishEarly(i) ==
    /\ Drafted(i) /\ ~Holds("publish after commit")
    /\ visible' = visible \cup {Object(Draft(i))}
    /\ UNCHANGED <<log, expired, applied, acked, oldest, inst, quiet, faults>>

\* The process dies, at any point. What it staged is garbage, unless its write has landed.
Crash(i) ==
    /\ inst[i] # Idle(NONE) /\ Fault
    /\ inst' = [inst EXCEPT ![i] = Idle(NONE)]
    /\ UNCHANGED <<log, expired, visible, applied, acked, oldest, quiet>>

(***************************************************************************)
(* silence.ts, appendQuiet: the closing task heals the head and appends an  *)
(* entry without records, under the same fence. Once per run of the model.  *)
(***************************************************************************)
Sealed == \E v \in 2..Len(log) : log[v].from = log[v].until

QuietRead ==
    /\ quiet = 0 /\ ~Sealed
    /\ Head_.promise
    /\ quiet' = Len(log)
    /\ visible' = IF Visible(Head_) \/ ~Holds("the seal heals first") THEN visible ELSE visible \cup {Object(Head_)}
    /\ UNCHANGED <<log, expired, applied, acked, oldest, inst, faults>>

QuietAppend ==
    /\ quiet > 0
    /\ quiet' = 0
    /\ IF quiet = Len(log)
       THEN Write(quiet + 1, Record(Head_.until, Head_.until, Head_.frontier, <<>>))
       ELSE UNCHANGED <<log, applied>>
    /\ UNCHANGED <<expired, visible, acked, oldest, inst, faults>>

(***************************************************************************)
(* Time passes: all entries but the head expire, and no invocation is as    *)
(* long as that. Kafka's retention passes by records that were not read.    *)
(***************************************************************************)
Expire ==
    LET stale(i) == inst[i].memory # NONE /\ inst[i].memory.version < Len(log) IN
    /\ expired < Len(log) - 1
    /\ \A i \in Instances : At(i, "idle")
    /\ quiet = 0
    /\ expired' = Len(log) - 1
    /\ inst' = [i \in Instances |-> IF stale(i) THEN [inst[i] EXCEPT !.memory.old = TRUE] ELSE inst[i]]
    /\ UNCHANGED <<log, visible, applied, acked, oldest, quiet, faults>>

KafkaLoses ==
    /\ oldest < Len(Stamps) /\ Fault
    /\ oldest' = oldest + 1
    /\ UNCHANGED <<log, expired, visible, applied, acked, inst, quiet>>

MicroBatch(i) == LoadAgain(i) \/ Heal(i) \/ Cut(i) \/ Commit(i) \/ PublishHead(i)

Next ==
    \/ \E i \in Instances :
        \/ Deliver(i) \/ Redeliver(i) \/ MicroBatch(i)
        \/ AnswerLost(i) \/ CommitFails(i) \/ Crash(i) \/ PublishEarly(i)
    \/ QuietRead \/ QuietAppend \/ Expire \/ KafkaLoses

\* An instance that lives goes on; the event source tries again as long as it has not heard of success, and some day it does.
Heard(i) == (Cut(i) \/ PublishHead(i)) /\ acked' > acked
Fairness ==
    \A i \in Instances : WF_vars(MicroBatch(i)) /\ SF_vars(Deliver(i)) /\ SF_vars(Heard(i))

Spec == Init /\ [][Next]_vars /\ Fairness
Stamps3 == <<1, 3, 2>>
Stamps2 == <<0, 1>>
Symmetry == Permutations(Instances)

-----------------------------------------------------------------------------
(* The invariants, by their names in DESIGN, section 2. *)

Covers(object) == object.key..(object.until - 1)

I1_ExactlyOnce ==
    \A o \in Offsets :
        /\ applied[o] <= 1
        /\ Cardinality({object \in visible : o \in Covers(object)}) <= 1

\* The batch time of a record depends on the records before it alone.
I2_BatchingDoesNotShow ==
    \A v \in 2..Len(log) : \A o \in log[v].from..(log[v].until - 1) :
        log[v].times[o] = BatchTime(FrontierAfter(0, 1, o + 1))

I3_AllOrNothing ==
    /\ \A object \in visible : \E v \in 1..Len(log) : Object(log[v]) = object      \* nothing uncommitted shows
    /\ \A v \in 1..(Len(log) - 1) : Visible(log[v])                                \* only the head may be unpublished
    /\ \A v \in 1..Len(log) : log[v].promise \/ Visible(log[v])                    \* what is promised can be kept
    /\ \A o \in 1..(acked - 1) : \E object \in visible : o \in Covers(object)      \* what will not come again is there

\* No offset is skipped: the next commit begins where the last one ended. An OffsetGapError is raised when Kafka has lost
\* records, and then alone.
I7_NeverSilent ==
    /\ \A v \in 2..Len(log) : log[v].from = log[v - 1].until
    /\ \A i \in Instances : At(i, "commit") /\ ~NothingNew(i) /\ Hole(i) => oldest > inst[i].memory.record.until

\* Everything becomes visible, unless Kafka has lost records, which is an OffsetGapError for ever.
Live_BecomesVisible ==
    <>[](acked = End \/ oldest > Head_.until)
=============================================================================
