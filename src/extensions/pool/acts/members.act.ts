import * as z from 'zod';
import type { ActionContext } from '../../../core/caller/context/context.ts';
import type { ProjectQuestion } from '../../../core/caller/context/find-project-for.ts';
import { configFolder } from '../../../core/kernel/config-folder.ts';
import { parseJson } from '../../../core/kernel/parse-json.ts';
import { POOL_REFS } from '../git-remote.ts';
import { fingerprintOf, trustedHosts, trustHost } from '../host-keys.ts';
import { POOL_ERRORS } from '../pool-errors.ts';
import { readPoolFile } from '../pool-file.ts';
import { readCommits } from '../read-commits.ts';
import { membershipOf, type Place, refPrefix, remoteAt, requirePerson } from './membership.ts';
import { remoteGit } from './open-member.ts';

/** The card that a member publishes at its own ref. */
export const MemberCard = z.object({
  v: z.literal(1),
  id: z.string(),
  name: z.string(),
  publicKey: z.string(),
});
export type PoolMember = z.infer<typeof MemberCard> & {
  fingerprint: string;
  isTrusted: boolean;
  isSelf: boolean;
};

async function poolMembers(question: ProjectQuestion, context: ActionContext): Promise<PoolMember[]> {
  const { membership, project } = await membershipOf(question, context);
  return await membersAt({ project, url: membership.remote, prefix: refPrefix(membership) }, context);
}

/**
 * Trusts a member's states and acts on this machine, after a person has compared the fingerprint on both machines.
 * @param seen the fingerprint that the person was shown
 * @param as the person, named as in GATE_PEOPLE, to whom the member's acts are attributed; default: its name
 */
export async function trustMember(
  { member, seen, as, ...question }: ProjectQuestion & { member: string; seen: string; as?: string },
  context: ActionContext,
): Promise<PoolMember> {
  await requirePerson(context);
  const found = await memberNamed(member, question, context);
  if (found.fingerprint !== seen) throw POOL_ERRORS.pool_key_changed({ member });
  await trustHost(configFolder(context.home), { ...found, name: as ?? found.name });
  return { ...found, isTrusted: true };
}

export async function memberNamed(
  name: string,
  question: ProjectQuestion,
  context: ActionContext,
): Promise<PoolMember> {
  const members = await poolMembers(question, context);
  const named = members.filter((member) => member.name === name || member.id === name);
  const [found] = named;
  if (found === undefined || named.length > 1)
    throw POOL_ERRORS.pool_no_member({
      name,
      members: members.map((each) => `${each.name} (${each.id})`),
    });
  return found;
}

export async function membersAt(place: Place, context: ActionContext): Promise<PoolMember[]> {
  const remote = remoteAt(place, context);
  const keys = `${POOL_REFS}keys/*`;
  await remote.fetch([keys]);
  const git = remoteGit(place.project.mainRepo, context.env);
  const commits = await readCommits([...(await remote.list(keys)).values()], git);
  const self = (await readPoolFile(context.home))?.host.id;
  const trusted = await trustedHosts(configFolder(context.home));
  const members = commits.flatMap(({ message }) => MemberCard.safeParse(parseJson(message)).data ?? []);
  return await Promise.all(
    members.map(async (member) => ({
      ...member,
      fingerprint: await fingerprintOf(member.publicKey, context.env),
      isTrusted: trusted.some(({ publicKey }) => publicKey === member.publicKey),
      isSelf: member.id === self,
    })),
  );
}
