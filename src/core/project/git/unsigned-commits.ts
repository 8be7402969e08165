import { readRecords, runGit } from './git.ts';
import type { GitContext } from './repository.ts';

/** The number of unsigned commits (agents cannot sign); 0 unless the user signs commits. */
export async function unsignedCommits(
  { mainRepo, since, tip }: { mainRepo: string; since: string; tip: string },
  context: GitContext,
): Promise<number> {
  const main = { ...context, cwd: mainRepo };
  // Our own git calls override the setting on their command line.
  const values = await runGit(['config', '--show-scope', '--type=bool', '--get-all', 'commit.gpgSign'], {
    ...main,
    allowFailure: 1,
  });
  const own = values.stdout.split('\n').filter((line) => line !== '' && !line.startsWith('command'));
  if (!own.at(-1)?.endsWith('true')) return 0;
  let unsigned = 0;
  await readRecords(['rev-list', '--header', `${since}..${tip}`, '--'], main, (text) => {
    const head = text.trimStart().split('\n\n')[0] ?? '';
    if (head !== '' && !/^gpgsig(?:-sha256)? /m.test(head)) unsigned += 1;
  });
  return unsigned;
}
