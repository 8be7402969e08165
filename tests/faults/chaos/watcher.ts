import { resolve } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { systemClock } from '../../../src/base/clock.ts';
import type { SessionRig } from '../../support/session-rig.ts';

/** A parent that looks at its session again and again, with a new server whenever one is killed. */
export interface Watcher extends AsyncDisposable {
  /** The server that lives now. */
  serverPid(): number | undefined;
  /** How often a server has told about the session. */
  looks(): number;
}

/** The published build: `npm run chaos` and the end-to-end tests make it first. */
const SERVER = resolve('dist/samocode-mcp.js');
const LOOK_EVERY_MS = 300;

export function watchThroughServers(rig: SessionRig): Watcher {
  let pid: number | undefined;
  let over = false;
  let looks = 0;
  const looking = (async () => {
    while (!over) {
      const client = new Client({ name: 'chaos', version: '1' });
      const transport = new StdioClientTransport({
        command: process.execPath,
        args: [SERVER],
        cwd: rig.repo.path,
        env: rig.repo.env,
        stderr: 'ignore',
      });
      try {
        await client.connect(transport);
        pid = transport.pid ?? undefined;
        while (!over) {
          await client.callTool({ name: 'get_status', arguments: { session: rig.file.folder } });
          looks += 1;
          await systemClock.sleep(LOOK_EVERY_MS);
        }
      } catch {
        // Its server was killed: the next round has another.
      }
      pid = undefined;
      await client.close().catch(() => {});
    }
  })();
  return {
    serverPid: () => pid,
    looks: () => looks,
    async [Symbol.asyncDispose]() {
      over = true;
      await looking;
    },
  };
}
