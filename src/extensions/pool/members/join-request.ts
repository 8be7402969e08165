import * as z from 'zod';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { gitLine } from '../../../core/project/git/git.ts';
import { commitOf, type GitContext } from '../../../core/project/git/repository.ts';
import { POOL_REFS, type PoolRemote } from '../board/git-remote.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { fingerprintOf, keyPathIn } from './host-keys.ts';
import { MemberId, MemberKey, MemberName } from './member-list.ts';
import { signedCommit, verifySigned } from './signed-commit.ts';

/** The request that a machine publishes at its own ref, signed with its key: it asks to join, or says what it offers. */
export const JoinRequest = z.object({
  v: z.literal(1),
  id: MemberId,
  name: MemberName,
  publicKey: MemberKey,
  labels: z.array(z.string().regex(/^[\w-]{1,32}$/)).max(32),
  slots: z.int().positive(),
  level: z.enum(['off', 'guard', 'strict']),
  version: z.string().regex(/^[\w.+-]{1,64}$/),
});
export type JoinRequest = z.infer<typeof JoinRequest>;

export interface JoinPlace {
  remote: PoolRemote;
  git: GitContext & { cwd: string };
}

const JOIN_REFS = `${POOL_REFS}keys/`;

/**
 * Publishes a request if its content has changed.
 * @param folder the folder of the membership @throws pool_card_not_sent
 */
export async function publishJoinRequest(
  request: JoinRequest,
  folder: string,
  { remote, git }: JoinPlace,
): Promise<void> {
  const ref = JOIN_REFS + request.id;
  const text = JSON.stringify(JoinRequest.parse(request));
  // All of them: what this machine shows of the others comes from the last fetch.
  await fetchJoinRequests({ remote });
  const there = await commitOf(ref, git);
  const now = there === undefined ? undefined : await verifySigned(there, git).catch(() => undefined);
  // Anyone who may push can replace the request, also by the same text with another signature.
  if (now?.text.trim() === text && now.key === fingerprintOf(request.publicKey)) return;
  const pushed = await remote.move(ref, await signedCommit({ text }, keyPathIn(folder), git), there);
  if (pushed !== 'moved') throw POOL_ERRORS.pool_card_not_sent();
  await fetchJoinRequests({ remote });
}

export async function withdrawJoinRequest(id: string, { remote }: Pick<JoinPlace, 'remote'>): Promise<void> {
  const ref = JOIN_REFS + id;
  const there = (await remote.list(ref)).get(ref);
  if (there !== undefined) await remote.move(ref, undefined, there);
}

/** The requests on the remote. One that its own key has not signed, or that is not at its own ref, is skipped. */
export async function readJoinRequests(place: JoinPlace): Promise<JoinRequest[]> {
  await fetchJoinRequests(place);
  return await fetchedJoinRequests(place);
}

export async function fetchJoinRequests({ remote }: Pick<JoinPlace, 'remote'>): Promise<void> {
  await remote.fetch([`${JOIN_REFS}*`]);
}

/** More requests than any pool has machines: anyone who may push can publish some. */
const MAX_REQUESTS = 200;

export async function fetchedJoinRequests({ git }: Pick<JoinPlace, 'git'>): Promise<JoinRequest[]> {
  const list = ['for-each-ref', `--count=${MAX_REQUESTS}`, '--format=%(refname) %(objectname)', JOIN_REFS];
  const lines = (await gitLine(list, git)).split('\n').filter(Boolean);
  const requests: JoinRequest[] = [];
  // One at a time, since each takes two processes.
  for (const line of lines) {
    const [ref, commit = ''] = line.split(' ');
    const verified = await verifySigned(commit, git).catch(() => undefined);
    const { data } = JoinRequest.safeParse(parseJson(verified?.text ?? ''));
    if (data && ref === JOIN_REFS + data.id && fingerprintOf(data.publicKey) === verified?.key)
      requests.push(data);
  }
  return requests;
}
