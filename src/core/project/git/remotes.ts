import { type ConfigEntry, configEntries } from './config.ts';
import { type GitOptions, gitLine } from './git.ts';

export interface Remote {
  /** The name of a remote, or an address where a setting names one instead. */
  name: string;
  /** As git uses them, with `insteadOf` applied. */
  url: string;
  pushUrl: string;
  /** The value that `gh repo set-default` has stored: `base`, or `owner/name` of a repository on the same host. */
  ghResolved: string | undefined;
}

/** @param settings those in effect, if the caller has just read them */
export async function remotesOf(options: GitOptions, settings?: readonly ConfigEntry[]): Promise<Remote[]> {
  const entries = settings ?? (await configEntries(options));
  // git knows a remote by its settings alone.
  if (!entries.some(({ key }) => key.startsWith('remote.'))) return [];
  const lines = (await gitLine(['remote', '--verbose'], options)).split('\n');
  const addresses = lines.flatMap((line) => {
    const [, name, url, of] = /^([^\t]+)\t(.*) \((fetch|push)\)/.exec(line) ?? [];
    return name === undefined || url === undefined ? [] : [{ name, url, of }];
  });
  return addresses.flatMap(({ name, url, of }) => {
    if (of !== 'fetch') return [];
    // Of several addresses for pushes, the first.
    const push = addresses.find((each) => each.name === name && each.of === 'push');
    const mark = entries.find(({ key }) => key === `remote.${name}.gh-resolved`);
    return { name, url, pushUrl: push?.url ?? url, ghResolved: mark?.value };
  });
}

/** The remote that git means where no setting names one; where there is no `origin`, git means none. */
export function defaultRemote(remotes: readonly Remote[], otherwise = remotes[0]): Remote | undefined {
  return remotes.find(({ name }) => name === 'origin') ?? otherwise;
}

/** The remote whose branch `base` names, as in `upstream/main`. */
export function remoteOfBase(base: string, remotes: readonly Remote[]): Remote | undefined {
  return remotes.find(({ name }) => base.startsWith(`${name}/`));
}

/** The remote or address that `branch.<name>.pushRemote`, `remote.pushDefault` or `branch.<name>.remote` names. */
export async function configuredPushRemote(
  branch: string,
  remotes: readonly Remote[],
  options: GitOptions,
): Promise<Remote | undefined> {
  const name = await gitLine(
    ['for-each-ref', '--format=%(push:remotename)', `refs/heads/${branch}`],
    options,
  );
  // A branch that follows a local one has "." as its remote.
  if (name === '' || name === '.') return undefined;
  return (
    remotes.find((each) => each.name === name) ?? { name, url: name, pushUrl: name, ghResolved: undefined }
  );
}
