/**
 * Going through a history of steps in both directions. States are not undone:
 * each is made anew from a copy that was kept a little way before it, so that
 * forwards and backwards cannot disagree.
 */

const APART = 512; // steps between two copies

export class History {
  /**
   * @param {object} options
   * @param {object[]} options.steps what happens, one after the other
   * @param {() => object} options.start makes the state before the first step
   * @param {(state: object, step: object) => void} options.apply changes a state
   */
  constructor({ steps, start, apply }) {
    this.steps = steps;
    this.apply = apply;
    this.kept = [start()];
  }

  get length() {
    return this.steps.length;
  }

  /**
   * @param {number} n
   * @returns {object} the state after the first n steps; the caller's to keep
   */
  after(n) {
    let from = Math.min(Math.floor(n / APART), this.kept.length - 1);
    const state = structuredClone(this.kept[from]);
    for (let k = from * APART; k < n; k++) {
      if (k % APART === 0 && k / APART === this.kept.length) this.kept.push(structuredClone(state));
      this.apply(state, this.steps[k]);
    }
    return state;
  }

  /**
   * @param {number} record
   * @returns {number} how many steps come from records up to this one
   */
  stepAt(record) {
    let low = 0;
    let high = this.steps.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.steps[middle].record <= record) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
