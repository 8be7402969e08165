import * as z from 'zod';
import { PHASE_NAMES } from '../../phases/table.ts';

/** Arguments that more than one tool takes. */
export const SessionName = z.string().min(1).describe('Name from list_sessions.');

export const ProjectDir = z.string().optional().describe('Absolute path, if needed.');

export const Offset = z.int().min(0).default(0).describe('more_from of the page before.');

export const Confirm = z.boolean().default(false).describe('Do it; else only a preview.');

const Limit = z.number().nonnegative();

/** What a session may spend in all. */
export const CapsArgument = z
  .strictObject({ usd: Limit, tokens: Limit, hours: Limit, iterations: Limit })
  .partial()
  .optional();

/** A value for some of the phases; the names are checked here, so that no schema has to list them for a model. */
export const ByPhase = z
  .record(z.string(), z.string())
  .superRefine((values, { addIssue }) => {
    for (const name of Object.keys(values)) {
      if (PHASE_NAMES.some((phase) => phase === name)) continue;
      const message = `There is no phase "${name.slice(0, 40)}"; they are ${PHASE_NAMES.join(', ')}`;
      addIssue({ code: 'custom', path: [name.slice(0, 40)], message });
    }
  })
  .optional();
