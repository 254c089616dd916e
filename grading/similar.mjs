// Prints the pairs of similar token streams, found by Dolos's winnowing.
// argv: the folder of @dodona/dolos-core. stdin: {"ignored": [[token]],
// "files": [[token]]}. stdout: [[left, right, similarity, longest]].
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const KGRAM = 23; // tokens; with WINDOW what Dolos itself takes for C
const WINDOW = 17;

const entry = pathToFileURL(`${process.argv[2]}/dist/index.js`);
const { File, FingerprintIndex, Region, TokenizedFile } = await import(entry);
const input = JSON.parse(readFileSync(0, "utf8"));

const numbers = new Map();
function tokenized(tokens, number) {
    const file = new File(`${number}`, "");
    const made = new TokenizedFile(
        file, tokens, tokens.map((_, at) => new Region(0, at, 0, at + 1)));
    numbers.set(made, number);
    return made;
}

const index = new FingerprintIndex(KGRAM, WINDOW);
index.addFiles(input.files.map(tokenized));
// After the others: it takes effect on those that are there.
input.ignored.forEach(tokens => index.addIgnoredFile(tokenized(tokens, -1)));

// Occurrences of fingerprints that are not ignored. Pair.similarity takes the
// left file's number of ignored ones for the right one's as well.
function own({ file, shared }) {
    return [...shared].reduce((sum, one) => sum + one.occurrencesOf(file).length, 0);
}

const pairs = index.allPairs().filter(pair => pair.overlap > 0);
console.log(JSON.stringify(pairs.map(pair => [
    numbers.get(pair.leftFile), numbers.get(pair.rightFile),
    pair.overlap / (own(pair.leftEntry) + own(pair.rightEntry)), pair.longest])));
