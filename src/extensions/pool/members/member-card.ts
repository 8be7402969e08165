import * as z from 'zod';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { gitLine } from '../../../core/project/git/git.ts';
import { commitOf, type GitContext } from '../../../core/project/git/repository.ts';
import { POOL_REFS, type PoolRemote } from '../board/git-remote.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { fingerprintOf, keyPathIn } from './host-keys.ts';
import { MemberId, MemberKey, MemberName } from './member-list.ts';
import { signedCommit, verifySigned } from './signed-commit.ts';

/** The card that a machine publishes at its own ref, signed with its key: it asks to join, or says what it offers. */
export const MemberCard = z.object({
  v: z.literal(1),
  id: MemberId,
  name: MemberName,
  publicKey: MemberKey,
  labels: z.array(z.string().regex(/^[\w-]{1,32}$/)).max(32),
  slots: z.int().positive(),
  level: z.enum(['off', 'guard', 'strict']),
  version: z.string().regex(/^[\w.+-]{1,64}$/),
});
export type MemberCard = z.infer<typeof MemberCard>;

export interface CardPlace {
  remote: PoolRemote;
  git: GitContext & { cwd: string };
}

const CARD_REFS = `${POOL_REFS}keys/`;

/**
 * Publishes a card if its content has changed.
 * @param folder the folder of the membership @throws pool_card_not_sent
 */
export async function publishCard(
  card: MemberCard,
  folder: string,
  { remote, git }: CardPlace,
): Promise<void> {
  const ref = CARD_REFS + card.id;
  const text = JSON.stringify(MemberCard.parse(card));
  // All of them: what this machine shows of the others comes from the last fetch.
  await fetchCards({ remote });
  const there = await commitOf(ref, git);
  const now = there === undefined ? undefined : await verifySigned(there, git).catch(() => undefined);
  // Anyone who may push can replace the card, also by the same text with another signature.
  if (now?.text.trim() === text && now.key === fingerprintOf(card.publicKey)) return;
  const pushed = await remote.move(ref, await signedCommit({ text }, keyPathIn(folder), git), there);
  if (pushed !== 'moved') throw POOL_ERRORS.pool_card_not_sent();
  await fetchCards({ remote });
}

/** Removes the card of an earlier membership of this machine. */
export async function withdrawCard(id: string, { remote }: Pick<CardPlace, 'remote'>): Promise<void> {
  const ref = CARD_REFS + id;
  const there = (await remote.list(ref)).get(ref);
  if (there !== undefined) await remote.move(ref, undefined, there);
}

/** The cards on the remote. One that its own key has not signed, or that is not at its own ref, is skipped. */
export async function readCards(place: CardPlace): Promise<MemberCard[]> {
  await fetchCards(place);
  return await fetchedCards(place);
}

export async function fetchCards({ remote }: Pick<CardPlace, 'remote'>): Promise<void> {
  await remote.fetch([`${CARD_REFS}*`]);
}

/** More cards than any pool has machines: anyone who may push can publish some. */
const MAX_CARDS = 200;

export async function fetchedCards({ git }: Pick<CardPlace, 'git'>): Promise<MemberCard[]> {
  const list = ['for-each-ref', `--count=${MAX_CARDS}`, '--format=%(refname) %(objectname)', CARD_REFS];
  const lines = (await gitLine(list, git)).split('\n').filter(Boolean);
  const cards: MemberCard[] = [];
  // One at a time, since each takes two processes.
  for (const line of lines) {
    const [ref, commit = ''] = line.split(' ');
    const verified = await verifySigned(commit, git).catch(() => undefined);
    const { data } = MemberCard.safeParse(parseJson(verified?.text ?? ''));
    if (data && ref === CARD_REFS + data.id && fingerprintOf(data.publicKey) === verified?.key)
      cards.push(data);
  }
  return cards;
}
