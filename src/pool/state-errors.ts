import { errors } from '../base/errors.ts';

export const STATE_ERRORS = errors({
  git_cannot_sign: ({ version }: { version: string }) => ({
    what: 'The states of a pool cannot be signed here.',
    why: `git ${version} does not sign with SSH keys.`,
    hint: 'Install git 2.34 or newer, then try again.',
  }),
  ssh_keygen_missing: () => ({
    what: 'The states of a pool cannot be signed here.',
    why: 'There is no program "ssh-keygen" on PATH.',
    hint: 'Install OpenSSH, then try again.',
  }),
  host_key_invalid: ({ host }: { host: string }) => ({
    what: 'The machine was not trusted.',
    why: `${JSON.stringify(host)} has published no ed25519 key.`,
    hint: 'Run "samocode pool join" on that machine again, then compare the fingerprints.',
  }),
  state_unsigned: ({ commit }: { commit: string }) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: 'It is not signed, or its signature does not match it.',
    hint: 'Find out who wrote it: whoever may push to the remote of the pool can.',
  }),
  state_of_stranger: ({ commit }: { commit: string }) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: 'It is signed with a key that is not trusted here.',
    hint: 'If you know that machine, run "samocode pool trust <machine>" here and compare the fingerprints.',
  }),
  state_newer: ({ commit }: { commit: string }) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: 'A newer samocode wrote it.',
    hint: 'Update samocode on this machine.',
  }),
  branch_taken: ({ branch }: { branch: string }) => ({
    what: `The session on ${branch} was not laid down here.`,
    why: 'This repository has a branch of that name which is not of this session.',
    hint: `Rename the branch here, for example with "git branch -m ${branch} mine", and the session is laid down.`,
  }),
  state_malformed: ({ commit, problem }: { commit: string; problem: string }) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: `${problem}.`,
    hint: 'Publish the session again from the machine that has it.',
  }),
  state_gone: ({ ref, commit }: { ref: string; commit: string }) => ({
    what: 'No machine of the pool continues this session.',
    why: `The remote of the pool has no ${ref}: it was deleted, or the pool uses another remote now.`,
    hint: `To continue it, run "git push <remote of the pool> ${commit}:${ref}" in this repository.`,
  }),
});
