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
  log_elsewhere: ({ session, runDir }: { session: string; runDir: string }) => ({
    what: `Session ${session} is read-only.`,
    why: `Its log lies in ${runDir}: an earlier version began it, its SESSIONS folder was moved, or somebody else wrote it.`,
    hint: 'If the session is yours, continue it in a terminal: that shows its commands and limits first.',
    next: [{ act: 'import_with_log', session }],
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
export function otherBuildError(
  session: string,
  { is, trace }: { is: 'newer' | 'older' | 'elsewhere'; trace: string },
) {
  switch (is) {
    case 'newer':
      return SESSION_ERRORS.newer_format({ session, trace });
    case 'older':
      return SESSION_ERRORS.older_format({ session });
    case 'elsewhere':
      return SESSION_ERRORS.log_elsewhere({ session, runDir: trace });
    default:
      return is satisfies never;
  }
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
