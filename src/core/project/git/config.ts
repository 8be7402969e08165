import { type GitOptions, gitLine, runGit } from './git.ts';
import { GIT_ERRORS } from './git-errors.ts';

export interface ConfigEntry {
  /** Of the files that set it: `system`, `global`, `local`, `worktree`; `command` of those of the call. */
  scope: string;
  /** In lower case except between the dots. */
  key: string;
  value: string;
}

/**
 * All settings in effect, with those of included files, in git's order: one call, since each git takes milliseconds to
 * start.
 * @throws GitError if git does not list all
 */
export async function configEntries(options: GitOptions): Promise<ConfigEntry[]> {
  const list = ['config', '--list', '--includes', '--show-scope', '-z'];
  const { stdout, cut } = await runGit(list, { ...options, mayBeCut: true });
  // The rest could name programs.
  if (cut) throw GIT_ERRORS.git_settings_unread({ cwd: options.cwd });
  const fields = stdout.split('\0');
  return fields.flatMap((scope, at) => {
    if (at % 2 === 1 || at + 1 >= fields.length) return [];
    const [key = '', ...value] = (fields[at + 1] ?? '').split('\n');
    return [{ scope, key, value: value.join('\n') }];
  });
}

/** The value in effect, in git's own form of the type; empty if it is not set. */
export async function configValue(
  key: string,
  options: GitOptions,
  type?: 'bool' | 'bool-or-str',
): Promise<string> {
  const as = type === undefined ? [] : [`--type=${type}`];
  return await gitLine(['config', ...as, '--get', key], { ...options, allowFailure: 1 });
}
