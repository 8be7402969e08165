import { systemClock } from '../../../../src/core/kernel/clock.ts';
import { connect } from '../../../support/mcp-client.ts';
import type { SessionRig } from '../../../support/session-rig.ts';

/** A parent that polls its session, with a new server whenever one is killed. */
export interface Watcher extends AsyncDisposable {
  /** The current server. */
  serverPid(): number | undefined;
  /** How often a server has reported on the session. */
  polls(): number;
}

const POLL_EVERY_MS = 300;

export function watchThroughServers(rig: SessionRig): Watcher {
  let pid: number | undefined;
  let ended = false;
  let polls = 0;
  const polling = (async () => {
    while (!ended) {
      try {
        await using parent = await connect({ cwd: rig.repo.path, env: rig.repo.env, clientName: 'chaos' });
        pid = parent.pid;
        while (!ended) {
          await parent.call('get_status', { session: rig.file.folder });
          polls += 1;
          await systemClock.sleep(POLL_EVERY_MS);
        }
      } catch {
        // Its server was killed; the next round uses another.
      }
      pid = undefined;
    }
  })();
  return {
    serverPid: () => pid,
    polls: () => polls,
    async [Symbol.asyncDispose]() {
      ended = true;
      await polling;
    },
  };
}
