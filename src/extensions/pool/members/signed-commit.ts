import type * as z from 'zod';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { type GitOptions, gitLine } from '../../../core/project/git/git.ts';
import type { Oid } from '../board/board.ts';
import { POOL_ERRORS } from '../pool-errors.ts';

interface NewCommit {
  /** Default: the empty tree. */
  tree?: Oid;
  parents?: readonly Oid[];
  text: string;
}

/** @param keyPath the private key of a membership */
export async function signedCommit(commit: NewCommit, keyPath: string, options: GitOptions): Promise<Oid> {
  const command = [...SIGNING, '-c', `user.signingKey=${keyPath}`, 'commit-tree', '-S'];
  return await makeCommit(command, commit, options);
}

/** An unsigned commit without files. */
export async function textCommit(text: string, options: GitOptions): Promise<Oid> {
  return await makeCommit(['commit-tree'], { text }, options);
}

async function makeCommit(
  command: readonly string[],
  { tree, parents = [], text }: NewCommit,
  options: GitOptions,
): Promise<Oid> {
  const own = { ...options, env: { ...options.env, ...IDENTITY } };
  const files = tree ?? (await gitLine(['mktree'], own));
  const given = parents.flatMap((parent) => ['-p', parent]);
  return await gitLine([...command, ...given, files], { ...own, input: text });
}

/** Overrides the repository's own signing settings, because agents can write to them. */
const SIGNING = ['-c', 'gpg.format=ssh', '-c', 'gpg.ssh.program=ssh-keygen'];

const IDENTITY = Object.fromEntries(
  ['AUTHOR', 'COMMITTER'].flatMap((who) => [
    [`GIT_${who}_NAME`, 'samocode'],
    [`GIT_${who}_EMAIL`, 'samocode@localhost'],
  ]),
);

/** The message of a commit and the fingerprint of the key that signed it, which the caller looks up. */
export async function verifySigned(
  commit: Oid,
  options: GitOptions,
): Promise<{ text: string; key: string; parents: string[] }> {
  // Without allowed signers, git still checks the signature, and names its key.
  const check = [...SIGNING, '-c', 'gpg.ssh.allowedSignersFile=/dev/null'];
  const ask = ['log', '-1', '--no-patch', '--format=%G?%n%GF%n%P%n%B', commit];
  // A replacement of the object here would hide what the remote has.
  const env = { ...options.env, GIT_NO_REPLACE_OBJECTS: '1' };
  const printed = await gitLine([...check, ...ask], { ...options, env });
  const [verdict, key = '', parents = '', ...message] = printed.split('\n');
  if (verdict !== 'U' || key === '') throw POOL_ERRORS.state_unsigned({ commit });
  return { text: message.join('\n'), key, parents: parents.split(' ').filter(Boolean) };
}

/** What the message of a commit says in JSON; undefined if it is of another form. */
export async function messageIn<T>(
  commit: Oid,
  schema: z.ZodType<T>,
  options: GitOptions,
): Promise<T | undefined> {
  const text = await gitLine(['log', '-1', '--no-patch', '--format=%B', commit], options);
  return schema.safeParse(parseJson(text)).data;
}
