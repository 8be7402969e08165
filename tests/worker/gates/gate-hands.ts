import { eventually } from '../../support/eventually.ts';
import type { SessionRig } from '../../support/session-rig.ts';
import { workHere } from '../../support/worker-here.ts';

/** A person's acts at the gates of one session. */
export interface GateHands extends Pick<SessionRig, 'until'> {
  resume(): Promise<void>;
  answer(): Promise<void>;
  approve(): Promise<void>;
  requestChanges(feedback: string): Promise<void>;
  /** Leaves nothing running that works in this process. */
  end(): Promise<void>;
}

/** By the acts of our programs, which start workers. */
export function handsOf(rig: SessionRig): GateHands {
  const { until, answer, approve, resume, requestChanges } = rig;
  return {
    until,
    requestChanges,
    resume: () => resume(),
    answer: () => answer(),
    approve: () => approve(),
    end: async () => undefined,
  };
}

/** By the commands of those acts, and workers in this process: for cases that do nothing to a worker. */
export function handsHere(rig: SessionRig): GateHands {
  let work = Promise.resolve();
  let isWorking = false;
  async function act(request: Parameters<typeof workHere>[1]): Promise<void> {
    await work;
    isWorking = true;
    work = workHere(rig, request).finally(() => {
      isWorking = false;
    });
    // Whoever acts next is told.
    work.catch(() => undefined);
    await eventually(async () => !isWorking || (await rig.workerPid()) !== undefined);
  }
  return {
    until: (holds, options) => rig.until(holds, { ...options, leaveDead: true }),
    resume: () => act({ kind: 'resume' }),
    answer: () => act({ kind: 'answer', answers: [], acceptSuggestions: true, confirmTyped: false }),
    requestChanges: (feedback) => act({ kind: 'request_changes', feedback }),
    async approve() {
      const { status } = await rig.state();
      await act({ kind: 'approve', hash: status.kind === 'waiting' ? status.plan?.hash : undefined });
    },
    async end() {
      if (isWorking) await rig.stop().catch(() => undefined);
      await work.catch(() => undefined);
    },
  };
}
