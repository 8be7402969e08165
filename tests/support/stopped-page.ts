import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pageSocket } from '../../src/core/caller/facts/live-page.ts';

const LISTENS = `
require('node:net').createServer().listen(process.argv[1], () => console.log('listens'));
`;

/** A process that holds the page's socket and is stopped, as by Ctrl-Z: the kernel accepts connections for it. */
export async function stoppedPage(home: string): Promise<AsyncDisposable & { pid: number }> {
  const path = pageSocket(home);
  await mkdir(dirname(path), { recursive: true });
  const holder = spawn(process.execPath, ['-e', LISTENS, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  holder.kill('SIGSTOP');
  return {
    pid: holder.pid ?? 0,
    async [Symbol.asyncDispose]() {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    },
  };
}
