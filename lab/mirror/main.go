// Command homelab-mirror packs and serves the lab's mirror: the apt repositories, container images and Helm charts that
// production machines fetch from the internet. See the usage text for its subcommands.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

const usage = `usage: homelab-mirror <command>

  serve --root DIR --listen ADDRESS... [--log FILE]   serve a mirror root over HTTP, read-only
  images --layout DIR < SPEC                           build container images into an OCI layout
  layer --tree DIR --output FILE                       pack a root file system into one image layer
  chart --source DIR --output FILE                     pack a Helm chart
  sign --seed FILE --release FILE                      write InRelease and Release.gpg beside an apt Release file
  key --seed FILE [--binary]                           print the public key of the apt repositories
  fingerprint --seed FILE                              print that key's fingerprint
`

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "homelab-mirror:", err)
		os.Exit(1)
	}
}

func run(arguments []string, stdin io.Reader, stdout io.Writer) error {
	if len(arguments) == 0 {
		return fmt.Errorf("no command given\n%s", usage)
	}
	flags := flag.NewFlagSet(arguments[0], flag.ContinueOnError)
	switch arguments[0] {
	case "serve":
		options := serveOptions{}
		flags.StringVar(&options.root, "root", "", "folder to serve")
		flags.StringVar(&options.log, "log", "", "file that requests are logged to")
		flags.Func("listen", "address to listen on; may be repeated", func(address string) error {
			options.listen = append(options.listen, address)
			return nil
		})
		return parsed(flags, arguments, func() error { return serve(options) })
	case "images":
		layoutDir := flags.String("layout", "", "OCI layout to add to")
		return parsed(flags, arguments, func() error { return buildImages(stdin, *layoutDir) })
	case "layer":
		tree, output := flags.String("tree", "", "root file system"), flags.String("output", "", "layer to write")
		return parsed(flags, arguments, func() error { return packLayer(*tree, *output) })
	case "chart":
		source, output := flags.String("source", "", "chart folder"), flags.String("output", "", "archive to write")
		return parsed(flags, arguments, func() error { return packChart(*source, *output) })
	case "sign":
		release := flags.String("release", "", "Release file")
		return seeded(flags, arguments, func(seed string) error { return signRelease(*release, seed) })
	case "key":
		binary := flags.Bool("binary", false, "not armored")
		return seeded(flags, arguments, func(seed string) error { return writePublicKey(stdout, seed, *binary) })
	case "fingerprint":
		return seeded(flags, arguments, func(seed string) error { return printFingerprint(stdout, seed) })
	}
	return fmt.Errorf("unknown command %q\n%s", arguments[0], usage)
}

func seeded(flags *flag.FlagSet, arguments []string, work func(seed string) error) error {
	file := flags.String("seed", "", "file with the seed of the signing key")
	return parsed(flags, arguments, func() error {
		seed, err := readSeed(*file)
		if err != nil {
			return err
		}
		return work(seed)
	})
}

func parsed(flags *flag.FlagSet, arguments []string, work func() error) error {
	if err := flags.Parse(arguments[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s takes no argument %q", arguments[0], flags.Arg(0))
	}
	return work()
}
