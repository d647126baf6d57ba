-------------------------------- MODULE Wake --------------------------------
(***************************************************************************)
(* Who moves time when nothing arrives (DESIGN, section 4): a commit arms a *)
(* wake-up, a wake-up that finds something open arms the next, and one that *)
(* finds nothing arms nothing. It is src/runtime/wake-ups.ts, with what     *)
(* uses it: publish and heal (outbox.ts), JobRuntime.process and .wake, and *)
(* the event source and the queue, which bring things again.                *)
(*                                                                         *)
(* Closing is one step here: a look closes and seals every task that has    *)
(* been silent for IdleAfter. Close.tla says what there is to it.           *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC

CONSTANTS
    Instances,
    Parts,
    IdleAfter,
    LastCommit,  \* records arrive until then
    MaxNow,      \* time stops then: long after all is silent
    MaxCommits,
    MaxFaults,
    Broken,
    NONE

VARIABLES
    now,    \* the clock that is ahead of all others; that of an instance may be `lag[i]` behind
    lag,
    open,   \* per task: when it last committed, while that is not closed and sealed; 0: it is
    owed,   \* per task: the wake-up that its head has promised, while the event source has not heard of success; 0: none
    queue,  \* wake-ups under way: [at, id]. One stays until it was handled; meanwhile it may be brought again
    row,    \* the job's row: [at, fired]
    inst,   \* what every instance is at; `fresh`: nobody has changed the row since it was read (its revision)
    commits,
    faults

vars == <<now, lag, open, owed, queue, row, inst, commits, faults>>

Holds(rule) == rule \notin Broken
Max(a, b) == IF a > b THEN a ELSE b

\* CLOCKS_DIFFER_BY_MS and SOON_MS, in ticks.
ClocksDiffer == IF Holds("clocks differ") THEN 1 ELSE 0
Soon == 1

Rest(armed) == [pc |-> "idle", part |-> NONE, message |-> NONE, at |-> 0, fresh |-> FALSE, armed |-> armed]
Clock(i) == now - lag[i]
At(i, pc) == inst[i].pc = pc
Goto(i, pc) == inst' = [inst EXCEPT ![i].pc = pc]

Init ==
    /\ now = 2
    /\ lag \in {some \in [Instances -> 0..1] : \E i \in Instances : some[i] = 0 /\ \A j \in Instances \ {i} : some[j] = 1}
    /\ open = [p \in Parts |-> 0]
    /\ owed = [p \in Parts |-> 0]
    /\ queue = {}
    /\ row = [at |-> 0, fired |-> TRUE]
    /\ inst = [i \in Instances |-> Rest(0)]
    /\ commits = 0
    /\ faults = 0

Tick == now < MaxNow /\ now' = now + 1 /\ UNCHANGED <<lag, open, owed, queue, row, inst, commits, faults>>

(***************************************************************************)
(* A source task commits (batch.ts, draft: the outbox has a wake effect),   *)
(* or an event that came again finds a head whose outbox may be undone      *)
(* (SourceTask.healHead). Both go on to WakeUps.ensure.                     *)
(***************************************************************************)
Commit(i, p) ==
    /\ At(i, "idle") /\ now <= LastCommit /\ commits < MaxCommits
    /\ owed[p] = 0 \* else the same event is still to be heard of: Redeliver
    /\ commits' = commits + 1
    /\ open' = [open EXCEPT ![p] = Clock(i)]
    /\ owed' = [owed EXCEPT ![p] = Clock(i) + IdleAfter]
    /\ inst' = [inst EXCEPT ![i].pc = "ensure", ![i].part = p, ![i].at = Clock(i) + IdleAfter]
    /\ UNCHANGED <<now, lag, queue, row, faults>>

Redeliver(i, p) ==
    /\ At(i, "idle") /\ owed[p] > 0
    /\ \A j \in Instances : inst[j].part # p
    /\ inst' = [inst EXCEPT ![i].pc = "ensure", ![i].part = p, ![i].at = owed[p]]
    /\ UNCHANGED <<now, lag, open, owed, queue, row, commits, faults>>

(***************************************************************************)
(* WakeUps.ensure: memory, then the row, then the message, then the row.    *)
(***************************************************************************)
\* The wake-up that is being handled is over, even if this instance's clock is behind.
NowOf(i) == IF inst[i].message = NONE THEN Clock(i) ELSE Max(Clock(i), inst[i].message.at)

Done(i, armed, others) ==
    /\ inst' = [others EXCEPT ![i] = Rest(armed)]
    /\ owed' = IF inst[i].part = NONE THEN owed ELSE [owed EXCEPT ![inst[i].part] = 0]
    /\ queue' = IF inst[i].message = NONE THEN queue ELSE queue \ {inst[i].message}

\* A write of the row changes its revision: whoever has read it before will lose the race.
Outdated == [j \in Instances |-> [inst[j] EXCEPT !.fresh = FALSE]]

Ensure(i) ==
    LET covered(at, certain) == at > certain /\ at <= inst[i].at + Soon
        known == row.at > NowOf(i) /\ row.at <= inst[i].at + Soon /\ ~row.fired
    IN /\ At(i, "ensure")
       /\ CASE covered(inst[i].armed, NowOf(i) + ClocksDiffer) -> Done(i, inst[i].armed, inst)
            [] ~covered(inst[i].armed, NowOf(i) + ClocksDiffer) /\ known -> Done(i, row.at, inst)
            [] OTHER ->
                /\ inst' = [inst EXCEPT ![i].pc = IF Holds("the message goes first") THEN "send" ELSE "note", ![i].fresh = TRUE]
                /\ UNCHANGED <<owed, queue>>
       /\ UNCHANGED <<now, lag, open, row, commits, faults>>

Ids == {message.id : message \in queue} \cup {inst[i].message.id : i \in {j \in Instances : inst[j].message # NONE}}
NewId == CHOOSE id \in 1..(Cardinality(Ids) + 1) : id \notin Ids /\ \A less \in 1..(id - 1) : less \in Ids

Send(i) ==
    /\ At(i, "send")
    /\ LET message == [at |-> inst[i].at, id |-> NewId] IN
       IF Holds("the message goes first")
       THEN /\ queue' = queue \cup {message}
            /\ inst' = [inst EXCEPT ![i].pc = "note", ![i].armed = inst[i].at]
            /\ UNCHANGED owed
       ELSE /\ inst' = [inst EXCEPT ![i] = Rest(inst[i].at)]
            /\ owed' = IF inst[i].part = NONE THEN owed ELSE [owed EXCEPT ![inst[i].part] = 0]
            /\ queue' = (queue \cup {message}) \ {inst[i].message}
    /\ UNCHANGED <<now, lag, open, row, commits, faults>>

\* A lost race means that another instance armed one at the same moment.
Note(i) ==
    LET others == IF inst[i].fresh THEN Outdated ELSE inst IN
    /\ At(i, "note")
    /\ row' = IF inst[i].fresh THEN [at |-> inst[i].at, fired |-> FALSE] ELSE row
    /\ IF Holds("the message goes first") THEN Done(i, inst[i].armed, others)
       ELSE inst' = [others EXCEPT ![i].pc = "send"] /\ UNCHANGED <<owed, queue>>
    /\ UNCHANGED <<now, lag, open, commits, faults>>

(***************************************************************************)
(* JobRuntime.wake. The queue never brings a wake-up before its time, but   *)
(* as late as it likes, and again until it was handled.                     *)
(***************************************************************************)
Wake(i) ==
    /\ At(i, "idle")
    /\ \E message \in queue :
        /\ message.at <= now
        /\ inst' = [inst EXCEPT ![i].pc = IF Holds("a wake-up is noted before the look") THEN "begin" ELSE "look", ![i].message = message]
        /\ queue' = IF Holds("a message stays until it was handled") THEN queue ELSE queue \ {message}
    /\ UNCHANGED <<now, lag, open, owed, row, commits, faults>>

\* WakeUps.begin, which tries until its conditional write is done. It changes the row's revision in any case: whoever armed
\* this wake-up may still have to write the row, and must not say then that it is under way.
Begin(i) ==
    LET fired == inst[i].message.at
        writes == Holds("begin outdates rows to come") \/ (row.at <= fired /\ ~row.fired)
    IN /\ At(i, "begin")
       /\ row' = CASE row.at > fired \/ ~writes -> row
                   [] OTHER -> [at |-> IF Holds("begin outdates rows to come") THEN fired ELSE row.at, fired |-> TRUE]
       /\ inst' = [(IF writes THEN Outdated ELSE inst) EXCEPT ![i].pc = "look"]
       /\ UNCHANGED <<now, lag, open, owed, queue, commits, faults>>

\* Closer.look(thorough): silent tasks are moved on and sealed; the promise of a head that gets a successor is not kept by
\* this (outbox.ts, visible): the look decides on the next wake-up.
Silent(i, p) == NowOf(i) >= open[p] + IdleAfter
LookAll(i) ==
    LET rest == {p \in Parts : open[p] > 0 /\ ~Silent(i, p)}
        closed == {p \in Parts : open[p] > 0 /\ Silent(i, p)}
    IN /\ At(i, "look")
       /\ open' = [p \in Parts |-> IF p \in closed THEN 0 ELSE open[p]]
       /\ owed' = [p \in Parts |-> IF p \in closed /\ \A j \in Instances : inst[j].part # p THEN 0 ELSE owed[p]]
       /\ IF rest = {} /\ Holds("nothing open arms nothing")
          THEN /\ inst' = [inst EXCEPT ![i] = Rest(inst[i].armed)]
               /\ queue' = queue \ {inst[i].message}
          ELSE /\ inst' = [inst EXCEPT ![i].pc = "ensure", ![i].at = NowOf(i) + IdleAfter]
               /\ UNCHANGED queue
       /\ UNCHANGED <<now, lag, row, commits, faults>>

\* The process dies. Messages and events that were not heard of come again.
Crash(i) ==
    /\ inst[i] # Rest(0) /\ faults < MaxFaults
    /\ faults' = faults + 1
    /\ inst' = [inst EXCEPT ![i] = Rest(0)]
    /\ UNCHANGED <<now, lag, open, owed, queue, row, commits>>

Steps(i) == Ensure(i) \/ Send(i) \/ Note(i) \/ Begin(i) \/ LookAll(i)

Next ==
    \/ Tick
    \/ \E i \in Instances : Steps(i) \/ Wake(i) \/ Crash(i) \/ \E p \in Parts : Commit(i, p) \/ Redeliver(i, p)

Fairness ==
    /\ WF_vars(Tick)
    /\ \A i \in Instances : WF_vars(Steps(i)) /\ SF_vars(Wake(i)) /\ \A p \in Parts : SF_vars(Redeliver(i, p))

Spec == Init /\ [][Next]_vars /\ Fairness

-----------------------------------------------------------------------------
Nobody == \A i \in Instances : At(i, "idle")

\* What was committed becomes visible, also when nothing comes any more: something is under way as long as anything is open.
I3_AllOrNothing == (Nobody /\ queue = {} /\ \A p \in Parts : owed[p] = 0) => \A p \in Parts : open[p] = 0

\* An idle job runs nothing: in the end nobody works, no wake-up is under way, all is closed.
Live_ComesToRest == <>[](Nobody /\ queue = {} /\ \A p \in Parts : open[p] = 0 /\ owed[p] = 0)
=============================================================================
