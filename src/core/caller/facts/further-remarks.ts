import { fromExtensions } from '../../kernel/extension.ts';
import type { SessionView } from '../../session/folder/session-view.ts';
import type { ActionContext } from '../context/context.ts';

export interface RemarkedOn {
  /** The text of the plan that waits for approval; absent: the session itself. */
  plan?: string;
  /** With it, git may be asked; without it, no program starts. */
  env?: ActionContext['env'];
}

declare module '../../kernel/extension.ts' {
  interface Extension {
    /** Sentences for a person, without text from agents. Nothing is refused because of them. */
    remarks?: (view: SessionView, about: RemarkedOn) => Promise<string[]>;
  }
}

export async function furtherRemarks(view: SessionView, about: RemarkedOn = {}): Promise<string[]> {
  return (await Promise.all(fromExtensions('remarks').map((remarks) => remarks(view, about)))).flat();
}
