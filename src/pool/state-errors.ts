import { errors } from '../base/errors.ts';

export const STATE_ERRORS = errors({
  signing_missing: ({ git }: { git?: string }) => ({
    what: 'The states of a pool cannot be signed here.',
    why:
      git === undefined
        ? 'There is no program "ssh-keygen" on PATH.'
        : `git ${git} cannot sign with SSH keys.`,
    hint:
      git === undefined ? 'Install OpenSSH, then try again.' : 'Install git 2.34 or newer, then try again.',
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
  state_of_stranger: ({ commit, host }: { commit: string; host?: string | undefined }) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: `It is signed with a key that ${host === undefined ? 'is not trusted here' : `does not belong to its machine ${JSON.stringify(host)}`}.`,
    hint: 'If you know that machine, run "samocode pool trust <machine>" here and compare the fingerprints.',
  }),
  state_newer: ({ commit }: { commit: string }) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: 'A newer samocode wrote it.',
    hint: 'Update samocode on this machine.',
  }),
  state_malformed: ({ commit, problem }: { commit: string; problem: string }) => ({
    what: `The state ${commit.slice(0, 12)} was not used.`,
    why: `${problem}.`,
    hint: 'Publish the session again from the machine that has it.',
  }),
});
