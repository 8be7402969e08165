import { errors } from '../../kernel/errors.ts';
import { shellWord } from '../../kernel/shell-quoted.ts';

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
  foreign_session: ({ session }: { session: string }) => ({
    what: `Session ${session} is foreign: it was not started here, and nothing was changed.`,
    why: 'This home has no record of it. A cloned repository, another machine, a backup, another home, or a program of an older version may have written its files.',
    hint: 'If the session is yours, adopt it in a terminal: that shows its commands and limits first.',
    next: [{ act: 'take_over', session }],
  }),
  foreign_owner: ({ session, runDir }: { session: string; runDir: string }) => ({
    what: `Session ${session} is foreign, and nothing was changed.`,
    why: `${runDir} belongs to another user, who can change everything in it.`,
    hint: 'If the session is yours, for example after "sudo samocode", change the owner of that folder with chown.',
  }),
  newer_format: ({ newer }: { newer: string }) => ({
    what: 'The session was not opened for writing.',
    why: `A newer samocode wrote its events (${newer}).`,
    hint: 'Update samocode on this machine. Until then the session can be read.',
  }),
  sessions_open: ({ sessionsDir }: { sessionsDir: string }) => ({
    what: 'Nothing was started or changed.',
    why: `Every user of this machine can write in ${sessionsDir}, and so replace a session and its commands.`,
    hint: `Run "chmod o-w ${shellWord(sessionsDir)}", then try again.`,
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
