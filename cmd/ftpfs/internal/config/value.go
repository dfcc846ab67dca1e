package config

import (
	"errors"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
	"github.com/spf13/pflag"
)

// texts returns a value as a flag of some type takes it, or says how to write it
// instead. A list becomes several texts.
func (v value) texts(flagType string) ([]string, error) {
	lists := strings.HasSuffix(flagType, "Array") || strings.HasSuffix(flagType, "Slice")
	if v.kind == unstable.Array && lists {
		var all []string
		for _, item := range v.list {
			if item.kind != unstable.String {
				return nil, errors.New(`write texts in quotes: ["...", "..."]`)
			}
			all = append(all, item.text)
		}
		return all, nil
	}
	text, err := v.scalar(flagType)
	return []string{text}, err
}

func (v value) scalar(flagType string) (string, error) {
	isString, isInteger := v.kind == unstable.String, v.kind == unstable.Integer
	switch flagType {
	case "bool":
		if v.kind != unstable.Bool {
			return "", errors.New("write true or false, without quotes")
		}
	case "int", "int64", "uint", "uint16", "uint32", "uint64":
		if !isInteger {
			return "", errors.New("write a whole number, without quotes")
		}
		return v.decimal()
	case "octal":
		if digits, ok := strings.CutPrefix(v.text, "0o"); isInteger && ok {
			return digits, nil
		}
		if !isString {
			return "", errors.New(`write octal digits in quotes: "022"`)
		}
	case "duration":
		if !isString && (!isInteger || strings.Trim(v.text, "0") != "") {
			return "", errors.New(`write a time with its unit in quotes: "30s"`)
		}
	case "bytes", "id":
		if isInteger {
			return v.decimal()
		}
		if !isString {
			return "", errors.New("write a number, or a text in quotes")
		}
	default:
		if !isString {
			return "", errors.New(`write a text in quotes: "..."`)
		}
	}
	return v.text, nil
}

// decimal is an integer without underscores and in base 10.
func (v value) decimal() (string, error) {
	n, err := strconv.ParseInt(v.text, 0, 64)
	if err != nil {
		return "", errors.New("the number is too large")
	}
	return strconv.FormatInt(n, 10), nil
}

// BadValue says why a flag does not take a value, and what it takes, for those
// flags whose own error is one of the parsers of the standard library.
func BadValue(f *pflag.Flag, text string, err error) string {
	quoted := strconv.Quote(text)
	switch f.Value.Type() {
	case "bool":
		return quoted + " is neither true nor false: write one of them"
	case "int", "int64":
		return quoted + " is not a whole number: write one, such as " + example(f, "4")
	case "uint", "uint16", "uint32", "uint64":
		return quoted + " is not a whole number from 0 on: write one, such as " + example(f, "1000")
	case "duration":
		return quoted + " is not a time: write a number with its unit, such as 30s, 5m or 1h30m"
	}
	return err.Error()
}

// example is a flag's default, if that is a number to show.
func example(f *pflag.Flag, other string) string {
	if f.DefValue == "" || f.DefValue == "0" {
		return other
	}
	return f.DefValue
}
