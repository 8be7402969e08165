import {
  editMarkdown,
  endOfContent,
  type Heading,
  type MarkdownLines,
  type Section,
} from '../../../core/session/documents/markdown-lines.ts';

export type Topic = 'summary' | 'why' | 'decisions' | 'requirements' | 'checks' | 'limits' | 'changes';

/** A part of a text for reviewers that makes sense below any heading. */
export interface TextPart {
  topic: Topic;
  heading: string;
  body: string;
}

/** The headings of templates, by topic. */
const HEADINGS: Readonly<Record<Topic, RegExp>> = {
  summary: /\b(?:summary|description|overview|what|changes?)\b/i,
  why: /\b(?:why|motivation|context|background|purpose|rationale|reason)\b/i,
  decisions: /\b(?:decisions?|design|approach)\b/i,
  requirements: /\b(?:requirements?|acceptance)\b/i,
  checks: /\b(?:tests?|tested|testing|checks?|verification|verified|verify|qa)\b/i,
  limits: /\b(?:limits?|limitations?|risks?|caveats?)\b/i,
  changes: /\b(?:changes?|files)\b/i,
};

/** Headings of checklists, and of questions that only a person can answer. */
const PERSONAL = /\b(?:check-?list|types?|breaking|related|additional|screenshots?)\b/i;

/**
 * Adds each part to the end of the template's section about its topic, or else to the end of the text. Keeps every word
 * of the template and ticks no box, because only a person can confirm what a box says.
 */
export function fillTemplate(template: string, parts: readonly TextPart[]): string {
  return editMarkdown(template.trimEnd(), (doc, editor) => {
    const open = doc.headings.filter(({ index, text }) => !isHidden(doc, index) && !PERSONAL.test(text));
    for (const { topic, heading, body } of parts) {
      const found = open.find(({ text }) => HEADINGS[topic].test(text));
      if (found === undefined)
        editor.insertBlock(doc.lines.length, [`## ${heading}`, '', ...body.split('\n')]);
      else editor.insertBlock(endOfContent(doc, sectionOf(doc, found)), body.split('\n'));
    }
  });
}

export function withHeadings(parts: readonly TextPart[]): string {
  return parts.map(({ heading, body }) => `## ${heading}\n\n${body}\n`).join('\n');
}

/** The section up to the next visible heading of any level. */
function sectionOf(doc: MarkdownLines, { index }: Heading): Section {
  const next = doc.headings.find((heading) => heading.index > index && !isHidden(doc, heading.index));
  return { heading: index, start: index + 1, end: next?.index ?? doc.lines.length };
}

/** Whether a line begins inside an HTML comment, where templates often put explanations with headings. */
function isHidden({ lines }: MarkdownLines, index: number): boolean {
  const before = lines.slice(0, index).join('');
  return before.lastIndexOf('<!--') > before.lastIndexOf('-->');
}
