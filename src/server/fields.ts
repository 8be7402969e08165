import * as z from 'zod';

/** Arguments that more than one tool takes. */
export const SessionName = z.string().min(1).describe('Its name, from list_sessions.');

export const ProjectDir = z.string().optional().describe('Absolute path, if the client has no folder.');

export const Confirm = z
  .boolean()
  .default(false)
  .describe('Do it. Without it, it is only told what would be done.');
