import { PHASE_NAMES, PHASES, type Phase, phaseNamed } from '../../phases/table.ts';
import { type DocumentKind, parseDocumentName, sortNewestFirst } from '../documents/documents.ts';
import { type HistorySignal, readHistory } from '../documents/history.ts';
import { readOverview } from '../documents/overview.ts';

/** The phase in which a folder of the original tool goes on, or what a person must be asked. */
export type InferredPhase = { phase: Phase; why: string } | { question: string };

/** What is known of such a folder. */
export interface LegacyTexts {
  overview?: string | undefined;
  /** `_signal_history.jsonl`. */
  history?: string | undefined;
  /** `_signal.json`. */
  signal?: string | undefined;
  /** The files of the folder. */
  fileNames: readonly string[];
}

/**
 * Finds the phase: as the overview has it, else from the last signal in the history, else from the end of
 * the flow log, else from the newest document.
 */
export function inferPhase({ overview = '', history = '', fileNames }: LegacyTexts): InferredPhase {
  const { phase: written, flow } = readOverview(overview);
  const named = phaseNamed(written ?? '');
  if (named) return { phase: named, why: 'The overview names it.' };
  const lack = written ? 'The overview names no known phase' : 'The overview names no phase';
  const signalled = phaseFromHistory(readHistory(history));
  if (signalled) return { phase: signalled, why: `${lack}; the last signal in the history leads there.` };
  const logged = phaseFromFlow(flow);
  if (logged) return { phase: logged, why: `${lack}; the flow log ends there.` };
  const documented = phaseFromDocuments(fileNames);
  if (documented) return { phase: documented, why: `${lack}; the newest document belongs there.` };
  return {
    question: `${lack}, and neither flow log, history nor documents show it. In which phase should it continue: ${PHASE_NAMES.join(', ')}?`,
  };
}

function phaseFromHistory(entries: readonly HistorySignal[]): Phase | undefined {
  const last = entries.findLast(
    ({ phase, status }) => status !== 'none' && (phaseNamed(phase ?? '') || status === 'done'),
  );
  return last && (phaseNamed(last.phase ?? '') ?? 'done');
}

// Where a document was the phase's last word, work goes on in the phase that wrote it: that phase decides.
const PHASE_OF_KIND: Record<DocumentKind, Phase> = {
  dive: 'investigation',
  task: 'requirements',
  requirements: 'requirements',
  plan: 'planning',
  do: 'implementation',
  dop: 'implementation',
  'solution-minimal': 'implementation',
  'solution-clean': 'implementation',
  comparison: 'implementation',
  'test-report': 'testing',
  cleanup: 'quality',
  'quality-review': 'quality',
  summary: 'done',
};

/** Older entries say nothing about where it stands. */
const MAX_FLOW_LINES = 200;

function phaseFromFlow(flow: readonly string[]): Phase | undefined {
  for (const line of flow.slice(-MAX_FLOW_LINES).reverse()) {
    const named = phaseInWords(line) ?? phaseFromDocuments(line.slice(0, 2000).split(/[\s()`*[\]]+/));
    if (named) return named;
  }
  return undefined;
}

/** `Phase: x`, `x phase`, `phase x`, or `y -> x`: a phase's bare name is too often an ordinary word. */
function phaseInWords(line: string): Phase | undefined {
  const words =
    line
      .slice(0, 2000)
      .toLowerCase()
      .match(/->|→|[a-z]+/g) ?? [];
  const at = words.findLastIndex((word, index) => {
    if (!Object.hasOwn(PHASES, word)) return false;
    return ['phase', '->', '→'].includes(words[index - 1] ?? '') || words[index + 1] === 'phase';
  });
  return phaseNamed(words[at] ?? '');
}

function phaseFromDocuments(fileNames: readonly string[]): Phase | undefined {
  for (const name of sortNewestFirst(fileNames)) {
    const kind = parseDocumentName(name)?.kind;
    if (kind) return PHASE_OF_KIND[kind];
  }
  return undefined;
}
