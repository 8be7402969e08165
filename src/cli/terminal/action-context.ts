import { join } from 'node:path';
import type { ActionContext } from '../../actions/acting/context.ts';
import type { Cli } from './cli.ts';
import type { Typist } from './who-types.ts';

/** Makes the use cases' context on first use: reading the machine costs time that `--help` has no need of. */
export function contextMaker(
  cli: () => Cli,
  terminal: Pick<Typist, 'hasTerminal'>,
): () => Promise<ActionContext> {
  let made: Promise<ActionContext> | undefined;
  return () => {
    made ??= make(cli(), terminal);
    return made;
  };
}

async function make(
  { env, home, cwd, programsDir }: Cli,
  { hasTerminal }: Pick<Typist, 'hasTerminal'>,
): Promise<ActionContext> {
  const [{ systemClock }, { systemHost }, { whoTypes }] = await Promise.all([
    import('../../base/clock.ts'),
    import('../../base/processes/host.ts'),
    import('./who-types.ts'),
  ]);
  const host = await systemHost();
  return {
    clock: systemClock,
    host,
    env,
    home,
    cwd,
    by: await whoTypes({ env, host, hasTerminal }),
    programs: {
      worker: join(programsDir, 'worker.cjs'),
      rehearsal: join(programsDir, 'samocode-rehearsal.cjs'),
    },
  };
}
