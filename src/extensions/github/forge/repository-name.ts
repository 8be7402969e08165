import type { PullRequestFact } from '../../../core/session/events/bodies/positions.ts';

/** Reads `host/owner/name` from a URL such as `git@github.com:owner/name.git`; undefined for other forms. */
export function repositoryIn(url: string): string | undefined {
  const found =
    /^(?:https?|ssh|git):\/\/(?:[^@/]*@)?([\w.-]+)(?::\d+)?\/([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(url) ??
    /^(?:[\w.-]+@)?([\w.-]+):([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(url);
  return found === null ? undefined : found.slice(1, 4).join('/');
}

/** The parts of `host/owner/name`, and the prefix of its paths in the API. */
export function partsOf(repository: string): { host: string; owner: string; name: string; path: string } {
  const [host = '', owner = '', name = ''] = repository.split('/');
  return { host, owner, name, path: `repos/${owner}/${name}` };
}

/** Parses a URL as gh prints it: `https://github.com/owner/name/pull/17`. */
export function pullRequestAt(
  url: string,
): Pick<PullRequestFact, 'repository' | 'number' | 'url'> | undefined {
  const found = /^https:\/\/([\w.-]+(?::\d+)?\/[\w.-]+\/[\w.-]+)\/pull\/(\d+)$/.exec(url);
  const [, repository, number] = found ?? [];
  return repository === undefined ? undefined : { repository, number: Number(number), url };
}
