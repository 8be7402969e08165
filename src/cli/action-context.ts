import { join } from 'node:path';
import type { ActionContext } from '../actions/context.ts';
import type { Cli } from './cli.ts';

/** Makes the use cases' context on first use: reading the machine costs time that `--help` has no need of. */
export function contextMaker(cli: () => Cli): () => Promise<ActionContext> {
  let made: Promise<ActionContext> | undefined;
  return () => {
    made ??= make(cli());
    return made;
  };
}

async function make({ env, home, cwd, programsDir }: Cli): Promise<ActionContext> {
  const [{ systemClock }, { systemHost }] = await Promise.all([
    import('../base/clock.ts'),
    import('../base/host.ts'),
  ]);
  return {
    clock: systemClock,
    host: await systemHost(),
    env,
    home,
    cwd,
    by: { channel: 'cli', client: 'samocode' },
    programs: {
      worker: join(programsDir, 'worker.cjs'),
      rehearsal: join(programsDir, 'samocode-rehearsal.cjs'),
    },
  };
}
