import type { NewEvent } from '../session/events.ts';

/** That something was changed which was not the child's to change. @param detail a child may have made it long */
export function forgerySeen(what: string, detail: string): NewEvent {
  return { type: 'forgery_seen', what, detail: detail.slice(0, 300) };
}
