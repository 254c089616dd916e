/**
 * What a block of the disk is. The layout comes with the page as JSON, from
 * `efs dump` (tools/trace-view/disk.py): where the journal, the bitmap and the
 * inode table are, and which file each block behind them belongs to.
 */

/** A layout for a disk that nobody described: blocks without names. */
const UNKNOWN = { blocks: 0, regions: [], files: [] };

/** Names blocks. */
export class Layout {
  /** @param {{blocks: number, regions: object[], files: object[]} | undefined} json */
  constructor(json = UNKNOWN) {
    this.blocks = json.blocks;
    this.known = json.blocks > 0;
    this.regions = json.regions; // {name, from, count}
    this.owners = new Map();
    for (const { path, record, extents } of json.files) {
      this.owners.set(record, { path, what: "record" });
      for (const [from, count] of extents)
        for (let k = 0; k < count; k++) this.owners.set(from + k, { path, what: "content" });
    }
  }

  /** Makes room for blocks that the layout does not know of. */
  atLeast(block) {
    if (!this.known && block >= this.blocks) this.blocks = block + 1;
  }

  /** @returns {number} the last block that anything is known of */
  get last() {
    const ends = this.regions.map(({ from, count }) => from + count - 1);
    return Math.max(
      0,
      ...ends,
      this.owners.size ? [...this.owners.keys()].reduce((a, b) => Math.max(a, b)) : this.blocks - 1,
    );
  }

  /** @returns {string} the name of the region: "header", "journal", "bitmap", "inodes", "files" */
  region(block) {
    return (
      this.regions.find(({ from, count }) => block >= from && block < from + count)?.name ??
      (this.known ? "files" : "disk")
    );
  }

  /** @returns {string} "block 536, content of /bin/cat" */
  describe(block) {
    const owner = this.owners.get(block);
    if (owner) return `block ${block}, ${owner.what} of ${owner.path}`;
    const region = this.region(block);
    const names = {
      header: "the header",
      journal: "in the journal",
      bitmap: "the bitmap of free blocks",
      inodes: "the inode table",
    };
    return names[region] ? `block ${block}, ${names[region]}` : `block ${block}`;
  }
}
