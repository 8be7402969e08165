import findingForm from '../../../../workflow/finding-form.md';
import headlessChromium from '../../../../workflow/headless-chromium.md';
import largePlan from '../../../../workflow/large-plan.md';
import ledgerForm from '../../../../workflow/ledger-form.md';
import planForm from '../../../../workflow/plan-form.md';
import qaForm from '../../../../workflow/qa-form.md';
import summaryForm from '../../../../workflow/summary-form.md';

/** The forms that several pages and skills share, by the name of their place. */
const FORMS = { findingForm, headlessChromium, largePlan, ledgerForm, planForm, qaForm, summaryForm };

/** Fills the shared forms into a page. @param without forms whose places stay empty */
export function withForms(page: string, without: readonly (keyof typeof FORMS)[] = []): string {
  const values = Object.entries(FORMS).map(
    ([name, form]) => [name, without.some((each) => each === name) ? '' : form.trimEnd()] as const,
  );
  return fillPlaces(page, Object.fromEntries(values));
}

/**
 * Fills `{{name}}` placeholders. Values are not searched for placeholders themselves.
 * @throws Error for a placeholder without a value: a bug that a test finds
 */
export function fillPlaces(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{(\w+)\}\}/g, (place, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`There is no value for ${place}.`);
    return value;
  });
}
