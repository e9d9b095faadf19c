// Verifies a tlog-tiles log in a folder with the Go checksum database's own packages (golang.org/x/mod/sumdb).
//
//	verify DIR VKEY              every entry, tile and proof; prints one JSON object
//	flips DIR VKEY COUNT SEED    flips COUNT single bits, one at a time, and counts those that go unseen
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

// files is the log, path to content.
type files map[string][]byte

func (f files) Height() int { return 8 }

func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, tile := range tiles {
		data, ok := f[path(tile)]
		if !ok {
			return nil, fmt.Errorf("%s is missing", path(tile))
		}
		if len(data) != tile.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", path(tile), len(data))
		}
		out[i] = data
	}
	return out, nil
}

func (f files) SaveTiles([]tlog.Tile, [][]byte) {}

// path is the C2SP path: the package writes the height into it, and "data" for entries.
func path(tile tlog.Tile) string {
	text := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
	return strings.Replace(text, "tile/data/", "tile/entries/", 1)
}

func read(dir string) (files, error) {
	found := files{}
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		if relative == "checkpoint" || strings.HasPrefix(relative, "tile/") {
			found[relative], err = os.ReadFile(name)
		}
		return err
	})
	return found, err
}

func checkpoint(text []byte, verifier note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	// The package forgives bits that base64 does not use; they would be flips that mean nothing.
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if strings.HasPrefix(line, "\u2014 "+verifier.Name()+" ") {
			if _, err := base64.StdEncoding.Strict().DecodeString(line[strings.LastIndex(line, " ")+1:]); err != nil {
				return tlog.Tree{}, err
			}
		}
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return tlog.Tree{}, errors.New("a checkpoint has three lines")
	}
	if lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("another origin")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, errors.New("the size is no number")
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tlog.Tree{}, errors.New("the root is no hash")
	}
	tree := tlog.Tree{N: size}
	copy(tree.Hash[:], root)
	return tree, nil
}

func bundle(data []byte, count int) ([][]byte, error) {
	entries := make([][]byte, 0, count)
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, errors.New("a length is cut off")
		}
		length := int(binary.BigEndian.Uint16(data))
		data = data[2:]
		if len(data) < length {
			return nil, errors.New("an entry is cut off")
		}
		entries = append(entries, data[:length])
		data = data[length:]
	}
	if len(entries) != count {
		return nil, fmt.Errorf("%d entries instead of %d", len(entries), count)
	}
	return entries, nil
}

// verify checks everything and returns the number of entries. With proofs it also makes and checks proofs from the tiles.
func (f files) verify(verifier note.Verifier, proofs bool) (int64, error) {
	tree, err := checkpoint(f["checkpoint"], verifier)
	if err != nil {
		return 0, fmt.Errorf("checkpoint: %w", err)
	}
	seen := map[string]bool{"checkpoint": true}
	var level []tlog.Hash
	for n := int64(0); n*width < tree.N; n++ {
		count := int(min(width, tree.N-n*width))
		name := path(tlog.Tile{H: 8, L: -1, N: n, W: count})
		seen[name] = true
		entries, err := bundle(f[name], count)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		for _, entry := range entries {
			level = append(level, tlog.RecordHash(entry))
		}
	}
	leaves := level
	for l := 0; len(level) > 0; l++ {
		var above []tlog.Hash
		for n := 0; n*width < len(level); n++ {
			part := level[n*width : int(min(int64(len(level)), int64(n+1)*width))]
			name := path(tlog.Tile{H: 8, L: l, N: int64(n), W: len(part)})
			seen[name] = true
			var expected []byte
			for _, hash := range part {
				expected = append(expected, hash[:]...)
			}
			if !bytes.Equal(expected, f[name]) {
				return 0, fmt.Errorf("MISMATCH %s", name)
			}
			if len(part) == width {
				above = append(above, fold(part))
			}
		}
		level = above
	}
	for name := range f {
		if !seen[name] {
			return 0, fmt.Errorf("%s does not belong to this tree", name)
		}
	}
	hashes := tlog.TileHashReader(tree, f)
	root, err := tlog.TreeHash(tree.N, hashes)
	if err != nil {
		return 0, err
	}
	if root != tree.Hash {
		return 0, errors.New("MISMATCH root")
	}
	if !proofs {
		return tree.N, nil
	}
	random := rand.New(rand.NewSource(tree.N))
	for i := 0; i < 200 && tree.N > 1; i++ {
		n := random.Int63n(tree.N)
		proof, err := tlog.ProveRecord(tree.N, n, hashes)
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, n, leaves[n]); err != nil {
			return 0, fmt.Errorf("entry %d: %w", n, err)
		}
		old := 1 + random.Int63n(tree.N-1)
		oldRoot, err := tlog.TreeHash(old, hashes)
		if err != nil {
			return 0, err
		}
		grown, err := tlog.ProveTree(tree.N, old, hashes)
		if err != nil {
			return 0, err
		}
		if err := tlog.CheckTree(grown, tree.N, tree.Hash, old, oldRoot); err != nil {
			return 0, fmt.Errorf("size %d: %w", old, err)
		}
	}
	return tree.N, nil
}

// fold is the root of a full tile.
func fold(hashes []tlog.Hash) tlog.Hash {
	level := append([]tlog.Hash(nil), hashes...)
	for len(level) > 1 {
		for i := 0; i < len(level)/2; i++ {
			level[i] = tlog.NodeHash(level[2*i], level[2*i+1])
		}
		level = level[:len(level)/2]
	}
	return level[0]
}

// flips flips single bits one at a time. In the checkpoint only the log's own lines count: other signatures are for those
// who know the witnesses' keys.
func (f files) flips(verifier note.Verifier, count int, seed int64) (unseen []string) {
	random := rand.New(rand.NewSource(seed))
	names := make([]string, 0, len(f))
	for name := range f {
		names = append(names, name)
	}
	sort.Strings(names)
	own := len(f["checkpoint"])
	if i := bytes.Index(f["checkpoint"], []byte("\n\n")); i >= 0 {
		own = i + 2 + bytes.IndexByte(f["checkpoint"][i+2:], '\n') + 1
	}
	for i := 0; i < count; i++ {
		name := names[random.Intn(len(names))]
		length := len(f[name])
		if name == "checkpoint" {
			length = own
		}
		at, bit := random.Intn(length), byte(1)<<random.Intn(8)
		f[name][at] ^= bit
		if _, err := f.verify(verifier, false); err == nil {
			unseen = append(unseen, fmt.Sprintf("%s byte %d bit %#x", name, at, bit))
		}
		f[name][at] ^= bit
	}
	return unseen
}

func min(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

func run(args []string) (any, error) {
	if len(args) < 3 {
		return nil, errors.New("usage: verify DIR VKEY | flips DIR VKEY COUNT SEED")
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(args[2]))
	if err != nil {
		return nil, err
	}
	log, err := read(args[1])
	if err != nil {
		return nil, err
	}
	began := time.Now()
	entries, err := log.verify(verifier, true)
	if err != nil {
		return nil, err
	}
	told := map[string]any{"entries": entries, "files": len(log), "milliseconds": time.Since(began).Milliseconds()}
	if args[0] == "flips" && len(args) == 5 {
		count, err := strconv.Atoi(args[3])
		if err != nil {
			return nil, err
		}
		seed, err := strconv.ParseInt(args[4], 10, 64)
		if err != nil {
			return nil, err
		}
		before := sha256.Sum256(log["checkpoint"])
		unseen := log.flips(verifier, count, seed)
		if before != sha256.Sum256(log["checkpoint"]) {
			return nil, errors.New("a flipped bit was not flipped back")
		}
		told["flips"], told["unseen"] = count, unseen
		if len(unseen) > 0 {
			return nil, fmt.Errorf("unseen: %v", unseen)
		}
	}
	return told, nil
}

func main() {
	told, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = json.NewEncoder(os.Stdout).Encode(told)
}
