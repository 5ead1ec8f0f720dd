# {"words":["a","b"]} on standard input: how many words, and the longest (the first of equals).
{
        sub(/.*\[/, "")
        sub(/\].*/, "")
        gsub(/"/, "")
        words = split($0, word, ",")
        for (i = 1; i <= words; i++)
                if (length(word[i]) > length(longest))
                        longest = word[i]
}

END { printf "{\"words\":%d,\"longest\":\"%s\"}\n", words, longest }
