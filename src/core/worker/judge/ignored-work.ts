import { join } from 'node:path';
import { isSamocodeError } from '../../kernel/errors.ts';
import { statsAt } from '../../kernel/files/path-stats.ts';
import { visibleControls } from '../../kernel/text.ts';
import { type GitOptions, readRecords, runGit } from '../../project/git/git.ts';
import { stateOf, type Worker } from '../state/worker.ts';

const LIMIT_MS = 10_000;
/** Of words of the texts, of ignored files that are listed, and of causes. */
const MAX_WORDS = 2000;
const MAX_LISTED = 5000;
const MAX_CAUSES = 5;

/**
 * Files of the worktree that git ignores, so that no commit has them: those that the texts name, such as claims, commands
 * and their output. A cause of a refusal, which the refusal itself does not show.
 * @param isAll also those that changed since SETUP
 */
export async function ignoredWork(
  worker: Worker,
  texts: readonly string[],
  { isAll }: { isAll: boolean },
): Promise<string[]> {
  const cwd = stateOf(worker).worktree?.path;
  if (cwd === undefined || statsAt(cwd) === undefined) return [];
  const options = { ...worker.git.context, cwd, timeoutMs: LIMIT_MS };
  try {
    const named = namedIn(cwd, texts);
    const since = statsAt(worker.paths.setup)?.mtimeMs ?? 0;
    const changed = isAll ? await changedIgnored(since, options) : [];
    return (await rulesOf([...new Set([...named, ...changed])], options)).slice(0, MAX_CAUSES);
  } catch (error) {
    // A hint is not worth the decision.
    if (isSamocodeError(error)) return [];
    throw error;
  }
}

/** The words that are files there. A path of a clone ends with one. */
function namedIn(cwd: string, texts: readonly string[]): string[] {
  const words = new Set(texts.flatMap((text) => text.split(/[\s'"`:;,()[\]{}<>|=]+/)));
  const found: string[] = [];
  for (const word of [...words].slice(0, MAX_WORDS)) {
    const parts = word.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.length === 0 || parts.length > 30 || parts.includes('..')) continue;
    const from = word.startsWith('/') ? parts.map((_, at) => parts.slice(at).join('/')) : [parts.join('/')];
    const path = from.find((each) => statsAt(join(cwd, each)) !== undefined);
    if (path !== undefined) found.push(path);
  }
  return found;
}

async function changedIgnored(since: number, options: GitOptions): Promise<string[]> {
  const args = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z'];
  const changed: string[] = [];
  let read = 0;
  await readRecords(args, options, (path) => {
    if ((statsAt(join(options.cwd, path))?.mtimeMs ?? 0) > since) changed.push(path);
    read += 1;
    return read < MAX_LISTED;
  });
  return changed;
}

async function rulesOf(paths: readonly string[], options: GitOptions): Promise<string[]> {
  if (paths.length === 0) return [];
  const ask = ['check-ignore', '--verbose', '-z', '--stdin'];
  const { stdout } = await runGit(ask, { ...options, input: paths.join('\0'), allowFailure: true });
  const fields = stdout.split('\0');
  const causes: string[] = [];
  for (let at = 0; at + 3 < fields.length; at += 4) {
    const [source = '', line = '', rule = '', path = ''] = fields.slice(at, at + 4);
    if (!rule.startsWith('!'))
      causes.push(visibleControls(`${path} is ignored by ${source}:${line}, so no commit has it`));
  }
  return causes;
}
