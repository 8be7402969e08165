import { errors } from '../../core/kernel/errors.ts';

export const NOTHING_RECURS = 'No recurring session was created.';

interface CostUnknown {
  what: string;
  titles: string;
  limit: string;
  other: string;
}

export const RECURRING_ERRORS = errors({
  bad_schedule: ({ given, why }: { given: string; why: string }) => ({
    what: NOTHING_RECURS,
    why: `"${given}" is not a schedule. ${why}`,
    hint: 'Write it as "mon-fri 02:00", as "daily 02:00,14:00", or as "sun,wed 23:30 Europe/Berlin".',
  }),
  recurring_needs_person: ({ what }: { what: string }) => ({
    what,
    why: 'A recurring session works and costs without a person, so only a person in a terminal may change it.',
    hint: 'Run the command in a terminal of your own, outside of an agent CLI.',
  }),
  recurring_needs_supervisor: () => ({
    what: NOTHING_RECURS,
    why: 'No supervisor that stays runs here: one that was started by a session ends once nothing waits, and would start no run.',
    hint: 'Run "samocode supervisor --install", or keep "samocode supervisor" open in another terminal, then try again.',
  }),
  recurring_unguarded: ({ what, why, hint }: { what: string; why: string; hint: string }) => ({
    what,
    why: `Others can write what its runs work on. ${why}`,
    hint,
  }),
  recurring_cost_unknown: ({ what, titles, limit, other }: CostUnknown) => ({
    what,
    why: `${titles} may not report what a run costs, so ${limit} could have no effect.`,
    hint: `Add ${other}, which bounds the same.`,
  }),
  recurring_name_taken: ({ name }: { name: string }) => ({
    what: NOTHING_RECURS,
    why: `A recurring session of this machine is called ${name}.`,
    hint: 'Choose another name with --name. "samocode every list" shows them all.',
  }),
  recurring_unknown: ({ which, names }: { which: string; names: readonly string[] }) => ({
    what: `No recurring session is called "${which}".`,
    why: names.length === 0 ? 'This machine has none.' : `This machine has ${names.join(', ')}.`,
    hint: '"samocode every list" shows their names and ids.',
  }),
  recurring_ambiguous: ({ which, names }: { which: string; names: readonly string[] }) => ({
    what: 'Nothing was changed.',
    why: `"${which}" is the beginning of several recurring sessions: ${names.join(', ')}.`,
    hint: 'Write the whole name or id.',
  }),
  recurring_approves_plan: () => ({
    what: NOTHING_RECURS,
    why: 'A plan that was given is approved for each run by its person, so no approval can be given in advance.',
    hint: 'Leave out --auto-approve, or give the work as --task.',
  }),
  recurring_broken: ({ path }: { path: string }) => ({
    what: 'A recurring session could not be read.',
    why: `${path} is not a recurring session that this version can read.`,
    hint: 'Remove its folder, then create it again with "samocode every".',
  }),
});
