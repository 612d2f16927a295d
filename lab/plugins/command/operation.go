package main

import (
	"context"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// operation is one create or update that may run a command.
type operation struct {
	limited context.Context // ends by Cancel or by the resource's time limit
	ended   context.Context // ends by Cancel alone
	log     *logger
	end     func()
}

// begin starts an operation; seconds are its time limit, 0 for none.
func (s *server) begin(call context.Context, urn string, seconds float64) operation {
	ended, cancel := context.WithCancel(call)
	stop := context.AfterFunc(s.ended, cancel)
	limited, release := ended, context.CancelFunc(func() {})
	if seconds > 0 {
		limited, release = context.WithTimeout(ended, time.Duration(seconds*float64(time.Second)))
	}
	end := func() {
		release()
		stop()
		cancel()
	}
	return operation{limited: limited, ended: ended, log: &logger{engine: s.engine, urn: urn}, end: end}
}

// apply runs the command, if there is one, and returns the resource's state after it.
func (o operation) apply(
	inputs, old resource.PropertyMap, command resource.PropertyValue,
) (resource.PropertyMap, error) {
	text, given := stringOf(command)
	if !given {
		return withOutputs(inputs, outputOf(old)), nil
	}
	arguments, err := decode(inputs)
	if err != nil {
		return nil, err
	}
	written, err := o.run(arguments, text)
	if err != nil {
		return nil, err
	}
	return withOutputs(inputs, written), nil
}
