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
