import { errors } from '../../kernel/errors.ts';

export const SESSION_ERRORS = errors({
  bad_session_name: ({ given, better, most }: BadName) => ({
    what: 'The session name is not valid.',
    why: `${JSON.stringify(given.slice(0, 80))} does not consist of words, digits and hyphens, or has more than ${most} characters.`,
    hint: better
      ? `Use "${better}", for example, or leave the name out.`
      : 'Leave the name out to have it made from the task.',
  }),
  bad_group_name: ({ given, better, most }: BadName) => ({
    what: 'The name of the group is not valid.',
    why: `${JSON.stringify(given.slice(0, 80))} does not consist of words, digits and hyphens, or has more than ${most} characters.`,
    hint: better ? `Use "${better}", for example.` : 'Use words, digits and hyphens.',
  }),
  newer_format: ({ newer }: { newer: string }) => ({
    what: 'The session was not opened for writing.',
    why: `A newer samocode wrote its events (${newer}).`,
    hint: 'Update samocode on this machine. Until then the session can be read.',
  }),
  sessions_silent: ({ dir, seconds }: { dir: string; seconds: number }) => ({
    what: 'The sessions of a folder were not read.',
    why: `${dir} has not responded for ${seconds} s: its disk or network mount may be gone.`,
    hint: 'Restore the mount, or unmount it.',
  }),
  session_file_broken: ({ path, problem, newer }: BrokenFile) => ({
    what: `Session file ${path} cannot be read.`,
    why: newer === undefined ? `${problem}.` : `A newer samocode wrote it (format ${newer}).`,
    hint:
      newer === undefined
        ? 'Restore it from a backup, or start a new session; the session folder itself is untouched.'
        : 'Update samocode on this machine.',
  }),
});

interface BadName {
  given: string;
  better: string;
  most: number;
}

interface BrokenFile {
  path: string;
  problem?: string;
  newer?: number;
}
