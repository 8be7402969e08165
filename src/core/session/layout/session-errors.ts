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
  newer_format: ({ session, trace }: { session: string; trace: string }) => ({
    what: `Session ${session} is read-only here.`,
    why: `A newer samocode has worked on it (${trace}).`,
    hint: 'Update samocode here and restart its MCP server.',
  }),
  older_format: ({ session }: { session: string }) => ({
    what: `Session ${session} is read-only.`,
    why: 'A samocode from before the first release began it.',
    hint: 'Read its documents, move it to the archive, and start the task anew. Its branch and worktree stay.',
    next: [{ act: 'archive', session }],
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

/** Why nothing of a session changes whose events another samocode wrote. */
export function otherBuildError(session: string, { is, trace }: { is: 'newer' | 'older'; trace: string }) {
  const { newer_format, older_format } = SESSION_ERRORS;
  return is === 'newer' ? newer_format({ session, trace }) : older_format({ session });
}

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
