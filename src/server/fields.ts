import * as z from 'zod';

/** Arguments that more than one tool takes. */
export const SessionName = z.string().min(1).describe('Its name, as start_session or list_sessions gave it.');

export const ProjectDir = z
  .string()
  .optional()
  .describe('Absolute path; only where the client has no working folder.');
