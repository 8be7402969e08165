import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { parseJson } from '../../kernel/parse-json.ts';
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

/** Codex has no roots, but names its workspaces with every call. */
export function foldersInMeta(meta: Record<string, unknown> | undefined): string[] {
  const turn = fromJson(meta?.['x-codex-turn-metadata']);
  if (typeof turn !== 'object' || turn === null || !('workspaces' in turn)) return [];
  const { workspaces } = turn;
  if (typeof workspaces !== 'object' || workspaces === null) return [];
  const names = Array.isArray(workspaces) ? workspaces : Object.keys(workspaces);
  return names.filter((name): name is string => typeof name === 'string' && isAbsolute(name));
}

function fromJson(value: unknown): unknown {
  return typeof value === 'string' ? parseJson(value) : value;
}
