import { quotedSaid } from '../../kernel/said.ts';

/** How far a worker got that was started and has not recorded its start. */
export type WorkerStartFailure =
  | { kind: 'exited'; said: string }
  | {
      kind: 'starting';
      pid: number;
      seconds: number;
      /** The CPU time that it has used, and for how long it has used none. */
      cpuSeconds: number;
      idleSeconds: number;
      /** As by SIGSTOP. */
      isStopped: boolean;
    };

/** Words it in one sentence, with what the worker said. */
export function describeUnstarted(worker: WorkerStartFailure): string {
  if (worker.kind === 'exited')
    return `Its worker exited before it took the session.${quotedSaid(worker.said)}`;
  const { pid, seconds, cpuSeconds, idleSeconds, isStopped } = worker;
  const idle = isStopped === true ? ', and it is stopped' : `, none of it in the last ${idleSeconds} s`;
  return `Its worker, process ${pid}, did not take the session within ${seconds} s: it has used ${cpuSeconds} s of CPU time${idle}.`;
}
