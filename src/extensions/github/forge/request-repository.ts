import { type GhContext, gh } from './gh.ts';
import { partsOf, repositoryIn } from './repository-name.ts';

/** The parts of a git remote that gh uses. */
interface Remote {
  name: string;
  url: string;
  ghResolved: string | undefined;
}

/** gh prefers remotes with these names, in this order. */
const PREFERRED = ['upstream', 'github', 'origin'];

/**
 * The repository in which gh would open a pull request: the one that `gh repo set-default` has stored, otherwise that of
 * the first remote in gh's order. A repository that is not a fork can only have its own pull requests.
 * @param from the repository that has the branch, as `host/owner/name`; remotes on other hosts are ignored
 * @param open the repository of a pull request that is open already, which is kept while a remote names it
 */
export async function requestRepository(
  { from, remotes, open }: { from: string; remotes: readonly Remote[]; open?: string },
  context: GhContext,
): Promise<string> {
  const { host } = partsOf(from);
  const rest = remotes.filter(({ name }) => !PREFERRED.includes(name));
  const ordered = [...PREFERRED.flatMap((name) => remotes.filter((each) => each.name === name)), ...rest];
  const named = ordered.flatMap(({ url }) => repositoryIn(url) ?? []);
  const here = named.filter((each) => partsOf(each).host === host);
  if (open !== undefined && [from, ...here].includes(open)) return open;
  const marked = ordered.find(({ ghResolved }) => ghResolved !== undefined);
  const ofMarked = marked && repositoryIn(marked.url);
  if (ofMarked !== undefined)
    return marked?.ghResolved === 'base' ? ofMarked : `${partsOf(ofMarked).host}/${marked?.ghResolved}`;
  const [first = from] = here;
  if (first === from) return from;
  return (await repositoryIs('fork', from, context)) === false ? from : first;
}

/** Whether a repository is private or a fork; undefined if gh got no answer. One internal to a company is private. */
export async function repositoryIs(
  what: 'fork' | 'private',
  repository: string,
  context: GhContext,
): Promise<boolean | undefined> {
  const { host, path } = partsOf(repository);
  const { exitCode, stdout } = await gh(context, ['api', path, '--hostname', host, '--jq', `.${what}`]);
  const answer = exitCode === 0 ? stdout.trim() : '';
  return answer === 'true' || answer === 'false' ? answer === 'true' : undefined;
}
