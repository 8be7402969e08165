import { errors } from '../../core/kernel/errors.ts';
import { shellWord } from '../../core/kernel/shell-quoted.ts';

export const IMPORT_ERRORS = errors({
  worked_on_elsewhere: ({ session, host }: { session: string; host: string }) => ({
    what: `The folder ${session} was not imported.`,
    why: `By its overview, ${host.slice(0, 80)} works on it: an import would be a second session on the same branch.`,
    hint: `If nothing on that machine continues it: samocode import ${shellWord(session)} --anyway`,
  }),
  log_changed: ({ session }: { session: string }) => ({
    what: `Session ${session} was not imported.`,
    why: 'Its files changed after they were shown.',
    next: [{ act: 'import_with_log', session, when: 'to see them again' }],
  }),
  import_needs_person: ({ session }: { session: string }) => ({
    what: `Session ${session} was not imported.`,
    why: 'A session runs its commands once it is imported, and this call could come from a model or a script.',
    hint: 'In a terminal outside any agent, the user does it.',
    next: [{ act: 'import_with_log', session }],
  }),
  log_says_nothing: ({ session, runDir }: { session: string; runDir: string }) => ({
    what: `Session ${session} was not imported.`,
    why: `Neither events.jsonl nor session.json in ${runDir} says how it was started.`,
    hint: 'Restore one of them from a backup, or remove that folder and import the documents alone.',
  }),
});
