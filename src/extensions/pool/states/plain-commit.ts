import type * as z from 'zod';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { type GitOptions, gitLine } from '../../../core/project/git/git.ts';
import type { Oid } from '../board/board.ts';

interface NewCommit {
  /** Default: the empty tree. */
  tree?: Oid;
  parents?: readonly Oid[];
  text: string;
}

/** A commit of samocode itself, whoever the person is. */
export async function plainCommit(
  { tree, parents = [], text }: NewCommit,
  options: GitOptions,
): Promise<Oid> {
  const own = { ...options, env: { ...options.env, ...IDENTITY } };
  const files = tree ?? (await gitLine(['mktree'], own));
  const given = parents.flatMap((parent) => ['-p', parent]);
  return await gitLine(['commit-tree', ...given, files], { ...own, input: text });
}

const IDENTITY = Object.fromEntries(
  ['AUTHOR', 'COMMITTER'].flatMap((who) => [
    [`GIT_${who}_NAME`, 'samocode'],
    [`GIT_${who}_EMAIL`, 'samocode@localhost'],
  ]),
);

/** The message of a commit. A replacement of the object here would hide what the remote has. */
export async function messageOf(commit: Oid, options: GitOptions): Promise<string> {
  const env = { ...options.env, GIT_NO_REPLACE_OBJECTS: '1' };
  return await gitLine(['log', '-1', '--no-patch', '--format=%B', commit], { ...options, env });
}

/** What the message of a commit says in JSON; undefined if it is of another form. */
export async function messageIn<T>(
  commit: Oid,
  schema: z.ZodType<T>,
  options: GitOptions,
): Promise<T | undefined> {
  return schema.safeParse(parseJson(await messageOf(commit, options))).data;
}
