import type { Elsewhere } from '../../caller/context/context.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';
import type { Cli } from './cli.ts';

/** Lets a command reach a session of another project; on a terminal, the user confirms it first. */
export function elsewhereBy(cli: Cli, argv: readonly string[]): Elsewhere {
  const asked = new Map<string, Promise<boolean>>();
  const reached = new Set<string>();
  const [name = '', ...rest] = argv.map(shellWord);
  const isForced = argv.some((word) => word === '--yes' || word === '-y');
  const elsewhere: Elsewhere = {
    command: (projectDir) => ['samocode', name, '--project', shellWord(projectDir), ...rest].join(' '),
    reached(projectDir) {
      // Called for the preview and for the act; warn once.
      if (!reached.has(projectDir)) cli.output.warn(`this session is in the project ${projectDir}`);
      reached.add(projectDir);
    },
  };
  if (!cli.isInteractive || isForced) return elsewhere;
  return {
    ...elsewhere,
    async agrees({ session, projectDir }) {
      const key = JSON.stringify([session, projectDir]);
      const answer = asked.get(key) ?? askToReach(cli, session, projectDir);
      asked.set(key, answer);
      return await answer;
    },
  };
}

async function askToReach(cli: Cli, session: string, projectDir: string): Promise<boolean> {
  const { askYesNo } = await import('./ask.ts');
  cli.output.say(`${session} belongs to another project: ${projectDir}`);
  return (await askYesNo(cli, 'Continue with that session?')) === true;
}
