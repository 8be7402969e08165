import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import type { Exchange } from './exchange.ts';

export interface ClientFolders {
  read(exchange: Exchange): Promise<string[]>;
  /** Ask the client again on the next read. */
  forget(): void;
}

const ANSWER_LIMIT_MS = 1000;

const Roots = z.object({ roots: z.array(z.object({ uri: z.string() })) });

/** Asks the client for its roots on first use and keeps the answer. */
export function clientFolders(): ClientFolders {
  let known: string[] | undefined;
  let asking: Promise<string[] | undefined> | undefined;
  let changes = 0;
  const askTogether = async (exchange: Exchange) => {
    asking ??= askRoots(exchange);
    const asked = asking;
    const folders = await asked;
    if (asking === asked) asking = undefined;
    return folders;
  };
  return {
    async read(exchange) {
      if (known !== undefined || exchange.ask === undefined) return known ?? [];
      const since = changes;
      // A modern client may never continue the call that asked, so each call asks for itself.
      const folders = await (exchange.asksBetweenRequests ? askRoots(exchange) : askTogether(exchange));
      // A slow client is asked again: without its folders a call could reach the wrong project.
      if (since === changes) known ??= folders;
      // A call that its client no longer waits for must not act, least of all in another project.
      exchange.signal.throwIfAborted();
      return folders ?? [];
    },
    forget: () => {
      changes += 1;
      known = asking = undefined;
    },
  };
}

/** @returns undefined when there was no answer */
async function askRoots({ client, ask }: Exchange): Promise<string[] | undefined> {
  if (ask === undefined || !client.capabilities.roots) return [];
  try {
    const { roots } = Roots.parse(await ask({ method: 'roots/list' }, ANSWER_LIMIT_MS));
    return roots.flatMap(({ uri }) => pathOf(uri));
  } catch {
    // Roots are optional; there are other ways to find the project.
    return undefined;
  }
}

function pathOf(uri: string): string[] {
  try {
    return [fileURLToPath(uri)];
  } catch {
    return [];
  }
}
